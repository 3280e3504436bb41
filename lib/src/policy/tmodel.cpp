// SPDX-License-Identifier: MIT
#include "policy/tmodel.hpp"

#include <algorithm>
#include <cstring>
#include <optional>

#include "core/crc32c.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "policy/image.hpp"

namespace tactus::policy {
namespace {

using Kind = layout::TmodelSectionKind;
using layout::TmodelHeader;
using layout::TmodelPacked;
using layout::TmodelSection;
using Bytes = std::span<const std::byte>;

constexpr const char* kAgain =
    "copy it again, or make it again with rtctl "
    "model quantize";

struct KindName {
  Kind kind;
  const char* name;
};
constexpr KindName kKinds[] = {{Kind::kImage, "image"},
                               {Kind::kContract, "contract"},
                               {Kind::kGolden, "golden"},
                               {Kind::kTier, "tier"},
                               {Kind::kCalibration, "calibration"},
                               {Kind::kKernels, "kernels"},
                               {Kind::kAccuracy, "accuracy"},
                               {Kind::kPacked, "packed"}};

const char* name_of(uint32_t kind) {
  const auto* it =
      std::ranges::find(kKinds, static_cast<Kind>(kind), &KindName::kind);
  return it == std::end(kKinds) ? "unknown" : it->name;
}

bool is_per_isa(uint32_t kind) {
  return kind == static_cast<uint32_t>(Kind::kKernels) ||
         kind == static_cast<uint32_t>(Kind::kPacked);
}

template <class T>
T load(Bytes bytes, uint64_t offset) {
  T out;
  std::memcpy(&out, bytes.data() + offset, sizeof(T));
  return out;
}

template <class T>
uint32_t head_crc(const T& head) {
  return crc32c(std::as_bytes(std::span(&head, 1)).first(offsetof(T, crc)));
}

std::string text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::optional<Tier> tier_named(std::string_view name) {
  for (const Tier t : {Tier::kF32, Tier::kBf16, Tier::kInt16, Tier::kInt8}) {
    if (name == policy::name_of(t)) return t;
  }
  return {};
}

class Parser {
 public:
  Parser(Bytes bytes, const std::string& label)
      : bytes_(bytes), label_(label) {}
  Result<TmodelFile> run();

 private:
  struct Packed {
    rt::Isa isa;
    TmodelPacked head;
    Bytes weights;
  };
  template <class... Args>
  Error wrong(uint64_t at, fmt::format_string<Args...> format, Args&&... args) {
    return bad_input("{}: byte {}: {}: {}", label_, at,
                     fmt::format(format, std::forward<Args>(args)...), kAgain);
  }
  Result<void> head();
  Result<void> table();
  Result<void> place(const TmodelSection& s, uint32_t index);
  Result<void> take(const TmodelSection& s);
  Result<void> take_text(const TmodelSection& s, Bytes body);
  Result<void> take_calibration(const TmodelSection& s, Bytes body);
  Result<void> take_tolerance(const TmodelSection& s, Bytes body);
  Result<void> take_kernels(const TmodelSection& s, Bytes body);
  Result<void> take_packed(const TmodelSection& s, Bytes body);
  Result<void> finish();
  Result<void> join(const Packed& packed);

  Bytes bytes_;
  const std::string& label_;
  TmodelHeader header_{};
  std::vector<TmodelSection> seen_;
  std::vector<Packed> packed_;
  uint64_t end_ = 0;  // of what was taken so far
  TmodelFile file_;
};

Result<void> Parser::head() {
  if (bytes_.size() < sizeof(TmodelHeader)) {
    return wrong(0, "only {} bytes, a header needs {}", bytes_.size(),
                 sizeof(TmodelHeader));
  }
  header_ = load<TmodelHeader>(bytes_, 0);
  if (header_.version != layout::kTmodelVersion ||
      header_.header_size != sizeof(TmodelHeader)) {
    return bad_input(
        "{}: byte 8: .tmodel version {}, this build reads {}: make it again "
        "with rtctl model quantize",
        label_, header_.version, layout::kTmodelVersion);
  }
  if (header_.crc != head_crc(header_)) {
    return wrong(offsetof(TmodelHeader, crc), "header CRC differs");
  }
  if (header_.file_size != bytes_.size()) {
    return wrong(offsetof(TmodelHeader, file_size),
                 "made with {} bytes, has {}", header_.file_size,
                 bytes_.size());
  }
  if (header_.sections > layout::kTmodelMaxSections) {
    return wrong(offsetof(TmodelHeader, sections), "{} sections",
                 header_.sections);
  }
  return {};
}

Result<void> Parser::table() {
  const uint64_t size = header_.sections * sizeof(TmodelSection);
  if (size > bytes_.size() - sizeof(TmodelHeader)) {
    return wrong(sizeof(TmodelHeader), "the section table is cut short");
  }
  const Bytes table = bytes_.subspan(sizeof(TmodelHeader), size);
  if (crc32c(table) != header_.sections_crc) {
    return wrong(sizeof(TmodelHeader), "section table CRC differs");
  }
  if (xxh64(bytes_.subspan(sizeof(TmodelHeader))) != header_.content_hash) {
    return wrong(offsetof(TmodelHeader, content_hash),
                 "the content's hash differs");
  }
  end_ = sizeof(TmodelHeader) + size;
  for (uint32_t i = 0; i < header_.sections; ++i) {
    const auto s = load<TmodelSection>(table, i * sizeof(TmodelSection));
    if (auto ok = place(s, i); !ok) return ok;
    if (auto ok = take(s); !ok) return ok;
  }
  if (end_ == bytes_.size()) return {};
  return wrong(end_, "{} bytes behind the last section", bytes_.size() - end_);
}

// Where the one before ends, aligned, with zeros between.
Result<void> Parser::place(const TmodelSection& s, uint32_t index) {
  const bool inside = s.offset == layout::tmodel_align(end_) &&
                      s.offset <= bytes_.size() &&
                      s.size <= bytes_.size() - s.offset;
  if (!inside) {
    return wrong(sizeof(TmodelHeader) + index * sizeof(TmodelSection),
                 "section {} ({}): {} bytes at {} do not follow what ends at "
                 "{} of {}",
                 index, name_of(s.kind), s.size, s.offset, end_, bytes_.size());
  }
  const Bytes gap = bytes_.subspan(end_, s.offset - end_);
  if (!std::ranges::all_of(gap, [](std::byte b) { return b == std::byte{}; })) {
    return wrong(end_, "no zeros before section {}", index);
  }
  if (crc32c(bytes_.subspan(s.offset, s.size)) != s.crc) {
    return wrong(s.offset, "section {} ({}): CRC differs", index,
                 name_of(s.kind));
  }
  end_ = s.offset + s.size;
  return {};
}

Result<void> Parser::take(const TmodelSection& s) {
  const bool per_isa = is_per_isa(s.kind);
  const bool known = per_isa ? s.isa <= static_cast<uint32_t>(rt::Isa::kAvx512)
                             : s.isa == layout::kTmodelAnyIsa;
  const bool twice = std::ranges::any_of(seen_, [&](const TmodelSection& o) {
    return o.kind == s.kind && o.isa == s.isa;
  });
  const std::string_view name = name_of(s.kind);
  file_.stored.sections.push_back(
      {std::string(name),
       per_isa && known ? rt::isa_name(static_cast<rt::Isa>(s.isa)) : "",
       s.size});
  if (name == "unknown") return {};  // of a later version
  if (!known || twice) {
    return wrong(s.offset, "section {} {}", name,
                 twice ? "comes twice" : "is for an unknown instruction set");
  }
  seen_.push_back(s);
  const Bytes body = bytes_.subspan(s.offset, s.size);
  switch (static_cast<Kind>(s.kind)) {
    case Kind::kImage:
      file_.image = body;
      return {};
    case Kind::kCalibration:
      return take_calibration(s, body);
    case Kind::kGolden:
      return take_tolerance(s, body);
    case Kind::kKernels:
      return take_kernels(s, body);
    case Kind::kPacked:
      return take_packed(s, body);
    default:
      return take_text(s, body);
  }
}

Result<void> Parser::take_text(const TmodelSection& s, Bytes body) {
  const std::string text = text_of(body);
  if (s.kind == static_cast<uint32_t>(Kind::kTier)) {
    const auto tier = tier_named(text);
    if (!tier) return wrong(s.offset, "no tier {}", quoted(text));
    file_.stored.tier = *tier;
    return {};
  }
  if (!is_json_object(text)) {
    return wrong(s.offset, "section {} is not JSON", name_of(s.kind));
  }
  if (s.kind == static_cast<uint32_t>(Kind::kContract)) {
    file_.stored.contract = text;
  } else {
    file_.stored.accuracy = text;
  }
  return {};
}

Result<void> Parser::take_calibration(const TmodelSection& s, Bytes body) {
  auto calibration = read_calibration(text_of(body));
  if (!calibration) return wrong(s.offset, "{}", calibration.error().text());
  file_.stored.calibration = std::move(*calibration);
  return {};
}

Result<void> Parser::take_tolerance(const TmodelSection& s, Bytes body) {
  auto tolerance = read_tolerance(text_of(body));
  if (!tolerance) return wrong(s.offset, "{}", tolerance.error().text());
  file_.stored.golden_tolerance = *tolerance;
  return {};
}

Result<void> Parser::take_kernels(const TmodelSection& s, Bytes body) {
  const std::string text = text_of(body);
  constexpr std::size_t kMost = 1 << 20;
  if (text.empty() || text.size() > kMost || one_line(text) != text) {
    return wrong(s.offset, "kernels that no build has named");
  }
  file_.stored.kernels.push_back({static_cast<rt::Isa>(s.isa), text, {}});
  return {};
}

Result<void> Parser::take_packed(const TmodelSection& s, Bytes body) {
  if (body.size() < sizeof(TmodelPacked)) {
    return wrong(s.offset, "packed weights are cut short");
  }
  const auto head = load<TmodelPacked>(body, 0);
  const Bytes weights = body.subspan(sizeof(TmodelPacked));
  if (head.size != weights.size()) {
    return wrong(s.offset, "{} bytes of packed weights, {} said",
                 weights.size(), head.size);
  }
  packed_.push_back({static_cast<rt::Isa>(s.isa), head, weights});
  return {};
}

// Packed weights of another image or other kernels are a lie; of another way
// of packing they are only old.
Result<void> Parser::join(const Packed& packed) {
  const auto kernels =
      std::ranges::find(file_.stored.kernels, packed.isa, &IsaKernels::isa);
  const char* isa = rt::isa_name(packed.isa);
  if (kernels == file_.stored.kernels.end()) {
    return wrong(0, "weights are packed for {}, but no kernels named", isa);
  }
  if (packed.head.image_hash != xxh64(file_.image) ||
      packed.head.kernels_hash !=
          xxh64(std::as_bytes(std::span(kernels->kernels)))) {
    return wrong(0, "weights for {} are packed from another model", isa);
  }
  if (packed.head.packing == kPacking) {
    kernels->weights.assign(packed.weights.begin(), packed.weights.end());
  }
  return {};
}

Result<void> Parser::finish() {
  const auto has = [&](Kind kind) {
    return std::ranges::any_of(seen_, [&](const TmodelSection& s) {
      return s.kind == static_cast<uint32_t>(kind);
    });
  };
  for (const Kind kind : {Kind::kImage, Kind::kTier}) {
    if (!has(kind)) {
      return wrong(sizeof(TmodelHeader), "no section {}",
                   name_of(static_cast<uint32_t>(kind)));
    }
  }
  if (is_tmodel(file_.image)) {
    return wrong(sizeof(TmodelHeader), "a .tmodel inside a .tmodel");
  }
  for (const Packed& p : packed_) {
    if (auto ok = join(p); !ok) return ok;
  }
  return {};
}

Result<TmodelFile> Parser::run() {
  using Step = Result<void> (Parser::*)();
  for (const Step step : {&Parser::head, &Parser::table, &Parser::finish}) {
    if (auto ok = (this->*step)(); !ok) return ok.error();
  }
  return std::move(file_);
}

class Writer {
 public:
  void add(Kind kind, uint32_t isa, Bytes body) {
    table_.push_back(
        {static_cast<uint32_t>(kind), crc32c(body), 0, body.size(), isa, 0});
    bodies_.emplace_back(body.begin(), body.end());
  }
  void add_text(Kind kind, uint32_t isa, const std::string& text) {
    if (!text.empty()) add(kind, isa, std::as_bytes(std::span(text)));
  }
  std::vector<std::byte> finish();

 private:
  std::vector<TmodelSection> table_;
  std::vector<std::vector<std::byte>> bodies_;
};

std::vector<std::byte> Writer::finish() {
  uint64_t end = sizeof(TmodelHeader) + table_.size() * sizeof(TmodelSection);
  std::vector<std::byte> out;
  for (std::size_t i = 0; i < table_.size(); ++i) {
    table_[i].offset = layout::tmodel_align(end);
    end = table_[i].offset + table_[i].size;
    out.resize(end);
    std::ranges::copy(bodies_[i], out.begin() + static_cast<std::ptrdiff_t>(
                                                    table_[i].offset));
  }
  const Bytes table = std::as_bytes(std::span(table_));
  std::ranges::copy(table, out.begin() + sizeof(TmodelHeader));
  TmodelHeader h{};
  h.magic = layout::kTmodelMagic;
  h.version = layout::kTmodelVersion;
  h.header_size = sizeof h;
  h.file_size = out.size();
  h.content_hash = xxh64(Bytes(out).subspan(sizeof h));
  h.sections = static_cast<uint32_t>(table_.size());
  h.sections_crc = crc32c(table);
  h.crc = head_crc(h);
  std::memcpy(out.data(), &h, sizeof h);
  return out;
}

std::vector<std::byte> packed_section(const IsaKernels& k, Bytes image) {
  TmodelPacked head{};
  head.packing = kPacking;
  head.image_hash = xxh64(image);
  head.kernels_hash = xxh64(std::as_bytes(std::span(k.kernels)));
  head.size = k.weights.size();
  const Bytes bytes = std::as_bytes(std::span(&head, 1));
  std::vector<std::byte> out(bytes.begin(), bytes.end());
  out.insert(out.end(), k.weights.begin(), k.weights.end());
  return out;
}

}  // namespace

bool is_tmodel(Bytes bytes) noexcept {
  return bytes.size() >= sizeof(uint64_t) &&
         std::memcmp(bytes.data(), &layout::kTmodelMagic, sizeof(uint64_t)) ==
             0;
}

Result<TmodelFile> parse_tmodel(Bytes bytes, const std::string& label) {
  return Parser(bytes, label).run();
}

std::vector<std::byte> write_tmodel(Bytes image, const Stored& stored) {
  constexpr uint32_t kAny = layout::kTmodelAnyIsa;
  Writer w;
  w.add(Kind::kImage, kAny, image);
  w.add_text(Kind::kContract, kAny, stored.contract);
  if (stored.golden_tolerance > 0) {
    w.add_text(Kind::kGolden, kAny, tolerance_json(stored.golden_tolerance));
  }
  w.add_text(Kind::kTier, kAny, policy::name_of(stored.tier));
  if (!stored.calibration.ranges.empty()) {
    w.add_text(Kind::kCalibration, kAny, calibration_json(stored.calibration));
  }
  w.add_text(Kind::kAccuracy, kAny, stored.accuracy);
  for (const IsaKernels& k : stored.kernels) {
    const auto isa = static_cast<uint32_t>(k.isa);
    w.add_text(Kind::kKernels, isa, k.kernels);
    if (!k.weights.empty()) {
      w.add(Kind::kPacked, isa, packed_section(k, image));
    }
  }
  return w.finish();
}

}  // namespace tactus::policy
