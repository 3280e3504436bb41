// SPDX-License-Identifier: MIT
// TOML, units and the limits language on one chain. What stands behind a line
// "#use" is the file site.toml, which the text before it may use.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/units.hpp"
#include "safety/explain.hpp"
#include "safety/limits/compile.hpp"
#include "safety/seal.hpp"

namespace {

tactus::kin::Chain two_joints() {
  tactus::kin::Chain chain;
  chain.joints = 2;
  for (uint32_t j = 0; j < 2; ++j) {
    auto& joint = chain.joint[j];
    joint.lo = -2;
    joint.hi = 2;
    joint.velocity = 2;
    joint.origin.p[0] = 0.5;
    chain.joint_name[j][0] = 'j';
    chain.joint_name[j][1] = static_cast<char>('1' + j);
    tactus::kin::finish_joint(joint);
  }
  chain.spheres = 1;
  chain.sphere[0] = {2, 0, {0, 0, 0}, 0.1};
  chain.name[0] = 'r';
  return chain;
}

void expect(bool truth) {
  if (!truth) __builtin_trap();
}

void units(std::string_view text) {
  (void)tactus::parse_unit(text);
  if (const auto q = tactus::parse_quantity(text)) expect(q->value * 0 == 0);
  if (const auto d = tactus::parse_duration(text)) expect(*d >= 0);
  if (const auto r = tactus::parse_range(text, tactus::kLength))
    expect(r->lo < r->hi);
  if (const auto b = tactus::parse_bound(text, tactus::kAngle))
    expect(b->scale > 0 && b->scale <= 1 && b->shrink >= 0);
  (void)tactus::parse_sustained(text, tactus::kAngularSpeed);
  (void)tactus::parse_count_of(text);
  (void)tactus::parse_word_count(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tactus;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  units(text);
  constexpr std::string_view kMark = "\n#use\n";
  const auto mark = text.find(kMark);
  const auto document =
      toml::Document::parse(text.substr(0, mark), "fuzz.toml");
  if (!document) {
    expect(std::string_view(document.error().text()).find('\n') ==
           std::string_view::npos);
    return 0;
  }
  static const kin::Chain chain = two_joints();
  const auto timing = safety::limits::read_timing(*document);
  safety::limits::Options options;
  options.kind = safety::OutputKind::kJointVelocity;
  if (timing) options.timing = *timing;
  safety::limits::UsedFiles used;
  used.recorded = true;  // nothing is read from here
  if (mark != std::string_view::npos)
    used.file.push_back(
        {"site.toml", std::string(text.substr(mark + kMark.size()))});
  options.used = &used;
  const auto image = safety::limits::compile(*document, chain, options);
  if (!image) {
    expect(std::string_view(image.error().text()).find('\n') ==
           std::string_view::npos);
    return 0;
  }
  expect(safety::intact(**image));
  expect(!safety::to_text(safety::explain(**image)).empty());
  return 0;
}
