// SPDX-License-Identifier: MIT
#include "safety_sizes.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <random>

#include "config/file.hpp"

namespace bench {
namespace {

constexpr const char* kFile = "lib/examples/handover/arm.toml";

std::string more_rows(const Size& size) {
  std::mt19937 rng(3);
  std::uniform_real_distribution<double> share(-1, 1);
  std::string out = "\n";
  for (int i = 0; i < size.posts; ++i) {
    const double x = 2.5 + 0.5 * share(rng), y = share(rng);
    out += fmt::format(
        "post{0} = {{keep=\"out\", capsule={{from=[\"{1:.3f} m\", \"{2:.3f} "
        "m\", \"0 m\"], to=[\"{1:.3f} m\", \"{2:.3f} m\", \"1.5 m\"], "
        "radius=\"50 mm\"}}}}\n",
        i, x, y);
  }
  for (int i = 0; i < size.linear; ++i) {
    out += fmt::format("lin{} = {{kind=\"linear\", of=\"u\", a=[", i);
    for (int j = 0; j < 7; ++j) out += fmt::format("{:.3f}, ", share(rng));
    out += "], b=\"20 rad/s\"}\n";
  }
  for (int i = 0; i < size.expressions; ++i)
    out += fmt::format(
        "ex{0} = {{kind=\"expr\", expr=\"sqrt(u[{1}]*u[{1}] + u[{2}]*u[{2}]) + "
        "{3:.2f}*abs(u[{4}])\", max=\"20 rad/s\"}}\n",
        i, i % 7, (i + 1) % 7, 0.01 * i, (i + 2) % 7);
  return out;
}

}  // namespace

tactus::Result<tactus::config::ImagePtr> load_size(const Size& size) {
  using namespace tactus;
  std::ifstream file(kFile);
  std::string text(std::istreambuf_iterator<char>(file), {});
  if (size.overshoot != nullptr) {
    const std::string before = "spheres=\"collision\"";
    if (const auto at = text.find(before); at != std::string::npos)
      text.insert(at + before.size(),
                  fmt::format(", overshoot=\"{}\"", size.overshoot));
  }
  auto document = toml::Document::parse(text + more_rows(size), kFile);
  if (!document) return document.error();
  auto read = config::read_file(*document);
  if (!read) return read.error();
  auto shield = config::load_shield(*document, config::timing_of(*read));
  if (!shield) return shield.error();
  return shield->image;
}

}  // namespace bench
