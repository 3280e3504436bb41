// SPDX-License-Identifier: MIT
// The floor of whatever reads its weights: as many bytes, in lines, eight
// sums.
#include "peers/peer.hpp"

namespace bench {
namespace {

class ReadLoop : public Peer {
 public:
  ReadLoop(std::string name, std::size_t bytes)
      : Peer(std::move(name)), lines_(bytes / sizeof(Line) / 8 * 8) {}
  void run(const float*, float* y) override {
    Line a{}, b{}, c{}, d{}, e{}, f{}, g{}, h{};
    const Line* line = lines_.data();
    for (std::size_t i = 0; i < lines_.size(); i += 8) {
      a += line[i], b += line[i + 1], c += line[i + 2], d += line[i + 3];
      e += line[i + 4], f += line[i + 5], g += line[i + 6], h += line[i + 7];
    }
    const Line sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    y[0] = sum[0];
  }

 private:
  typedef float Line __attribute__((vector_size(64)));
  std::vector<Line> lines_;
};

}  // namespace

std::unique_ptr<Peer> read_loop(std::string name, std::size_t bytes) {
  return std::make_unique<ReadLoop>(std::move(name), bytes);
}
Made make_read_loop(const Net& net) {
  Made made;
  made.peer = read_loop("read-loop", net.bytes());
  return made;
}

}  // namespace bench
