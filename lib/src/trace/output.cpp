// SPDX-License-Identifier: MIT
// The two ways for blocks to reach the file.
#include <fmt/format.h>
#include <liburing.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.hpp"
#include "trace/writer.hpp"

namespace tactus::trace {
namespace {

Error write_error(const char* how, int error) {
  return system_error(fmt::format("writing the log ({})", how), error,
                      "free space on that disk, or record elsewhere");
}

Result<void> write_all(int fd, std::span<const std::byte> bytes,
                       uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t n =
        ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return write_error("pwrite", n < 0 ? errno : ENOSPC);
    bytes = bytes.subspan(static_cast<std::size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
  return {};
}

class PwriteOutput final : public BlockOutput {
 public:
  explicit PwriteOutput(int fd) : fd_(fd) {}
  Result<void> submit(std::span<const std::byte> bytes,
                      uint64_t offset) override {
    return write_all(fd_, bytes, offset);
  }
  Result<void> wait() override { return {}; }
  [[nodiscard]] const char* name() const override { return "pwrite"; }

 private:
  int fd_;
};

class UringOutput final : public BlockOutput {
 public:
  explicit UringOutput(int fd) : fd_(fd) {}
  ~UringOutput() override {
    if (!open_) return;
    // The kernel must not write from a buffer that is about to go.
    (void)wait();
    io_uring_queue_exit(&ring_);
  }
  // 0, or the errno with which the kernel refused.
  int open() {
    const int rc = io_uring_queue_init(4, &ring_, 0);
    open_ = rc == 0;
    return -rc;
  }

  Result<void> submit(std::span<const std::byte> bytes,
                      uint64_t offset) override {
    if (Result<void> last = wait(); !last) return last;
    io_uring_sqe* sqe = io_uring_get_sqe(&ring_);
    if (sqe == nullptr) return internal_error("io_uring: no free entry");
    io_uring_prep_write(sqe, fd_, bytes.data(),
                        static_cast<unsigned>(bytes.size()), offset);
    const int rc = io_uring_submit(&ring_);
    if (rc < 0) return write_error("io_uring_submit", -rc);
    bytes_ = bytes;
    offset_ = offset;
    return {};
  }

  Result<void> wait() override {
    if (bytes_.empty()) return {};
    io_uring_cqe* cqe = nullptr;
    int rc = 0;
    do rc = io_uring_wait_cqe(&ring_, &cqe);
    while (rc == -EINTR);
    if (rc < 0) return write_error("io_uring_wait_cqe", -rc);
    const int written = cqe->res;
    io_uring_cqe_seen(&ring_, cqe);
    return finish(written);
  }
  [[nodiscard]] const char* name() const override { return "io_uring"; }

 private:
  Result<void> finish(int written) {
    const auto bytes = std::exchange(bytes_, {});
    const bool again = written == -EINTR || written == -EAGAIN;
    if (written < 0 && !again) return write_error("io_uring write", -written);
    // A short write: the rest goes the plain way.
    const auto done = static_cast<std::size_t>(again ? 0 : written);
    if (done >= bytes.size()) return {};
    return write_all(fd_, bytes.subspan(done), offset_ + done);
  }

  int fd_;
  bool open_ = false;
  io_uring ring_{};
  std::span<const std::byte> bytes_;
  uint64_t offset_ = 0;
};

}  // namespace

std::unique_ptr<BlockOutput> make_pwrite_output(int fd) {
  return std::make_unique<PwriteOutput>(fd);
}

int io_uring_refusal() { return UringOutput(-1).open(); }

std::unique_ptr<BlockOutput> make_output(int fd, std::string* granted) {
  auto uring = std::make_unique<UringOutput>(fd);
  const int refused = uring->open();
  if (refused == 0) {
    *granted = "io_uring";
    return uring;
  }
  *granted =
      fmt::format("pwrite (io_uring_queue_init: {})", strerrordesc_np(refused));
  return make_pwrite_output(fd);
}

}  // namespace tactus::trace
