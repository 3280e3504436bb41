// SPDX-License-Identifier: MIT
// For tests/cli/replay.sh: changes a recorded log and seals its check sums
// again, so that only replay can find what was done; and reads out of a log
// what a cycle had, so that replay's answer is compared with another's.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "core/layout/log.hpp"
#include "core/npy.hpp"
#include "trace/reader.hpp"
#include "trace/seal.hpp"

using namespace tactus;
using layout::LogBlock;
using layout::LogBlockType;
using trace::CycleView;
using trace::FieldInfo;
using trace::LogReader;
using Bytes = std::vector<std::byte>;
using Args = std::vector<std::string>;

namespace {

constexpr const char* kUsage =
    "flip LOG OUT CYCLE FIELD INDEX BIT  one bit of a cycle's frame\n"
    "drop LOG OUT CYCLE                  the block of records with CYCLE\n"
    "cut LOG OUT CYCLE                   ends amid the block with CYCLE\n"
    "hash LOG OUT                        another hash of the limits image\n"
    "inputs LOG OUT.npy FIRST FIELD...   rows of f32, cycles from FIRST on\n"
    "rows NPY NPY SCALE                  first row, from 1, that differs\n"
    "differ LOG LOG FIRST                first cycle >= FIRST with another\n"
    "                                    rung, verdict, margin or command\n";

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "tlog-edit: %s\n", what.c_str());
  std::exit(2);
}

uint64_t number(const std::string& text) {
  char* end = nullptr;
  const uint64_t value = std::strtoull(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') fail("no number: " + text);
  return value;
}

Bytes read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void write_bytes(const std::string& path, const Bytes& bytes) {
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()),
            static_cast<std::streamsize>(bytes.size()));
  if (!out.flush()) fail("cannot write " + path);
}

LogReader opened(const std::string& path) {
  auto log = LogReader::open(path);
  if (!log) fail(log.error().text());
  return std::move(*log);
}

CycleView view_of(const LogReader& log, uint64_t cycle) {
  const uint64_t position = log.lower_bound(cycle);
  if (position == log.size() || log.at(position).record.cycle != cycle)
    fail("no cycle " + std::to_string(cycle));
  return log.at(position);
}

FieldInfo field_of(const LogReader& log, const std::string& name) {
  for (const FieldInfo& f : log.info().fields)
    if (f.name == name) return f;
  fail("no field " + name);
}

struct Span {
  uint64_t begin = 0, end = 0;  // bytes of the file
  LogBlock head{};
};

Span block_with(const Bytes& bytes, const LogReader& log, uint64_t cycle) {
  const uint64_t offset = view_of(log, cycle).file_offset;
  Span s;
  s.begin = log.header().data_offset;
  for (;; s.begin = s.end) {
    std::memcpy(&s.head, &bytes[s.begin], sizeof(s.head));
    s.end = s.begin + sizeof(s.head) +
            layout::log_align(uint64_t{s.head.count} * s.head.stride);
    if (offset < s.end) return s;
  }
}

// Blocks are numbered without a hole.
void renumber(Bytes& bytes, uint64_t at) {
  LogBlock head;
  for (uint64_t index = 0; at + sizeof(head) <= bytes.size(); ++index) {
    std::memcpy(&head, &bytes[at], sizeof(head));
    head.index = index;
    std::memcpy(&bytes[at], &head, sizeof(head));
    at += sizeof(head) + layout::log_align(uint64_t{head.count} * head.stride);
  }
}

void flip(const Args& a) {
  const LogReader log = opened(a[0]);
  Bytes bytes = read_bytes(a[0]);
  const FieldInfo field = field_of(log, a[3]);
  const CycleView view = view_of(log, number(a[2]));
  const uint64_t frame = view.file_offset + sizeof(layout::CycleRecord) +
                         layout::log_align(log.header().action_size);
  const uint64_t bit = number(a[5]);
  const uint64_t at = frame + field.offset + 4 * number(a[4]) + bit / 8;
  bytes[at] ^= static_cast<std::byte>(1u << bit % 8);
  trace::seal(bytes);
  write_bytes(a[1], bytes);
}

// Says which cycles went: "first count".
void drop(const Args& a) {
  const LogReader log = opened(a[0]);
  Bytes bytes = read_bytes(a[0]);
  const Span block = block_with(bytes, log, number(a[2]));
  const auto at = [&](uint64_t offset) {
    return bytes.begin() + static_cast<std::ptrdiff_t>(offset);
  };
  bytes.erase(at(block.begin), at(block.end));
  renumber(bytes, log.header().data_offset);
  trace::seal(bytes);
  write_bytes(a[1], bytes);
  std::printf("%llu %u\n",
              static_cast<unsigned long long>(block.head.first_cycle),
              block.head.count);
}

// Says how many records stay.
void cut(const Args& a) {
  const LogReader log = opened(a[0]);
  Bytes bytes = read_bytes(a[0]);
  const Span block = block_with(bytes, log, number(a[2]));
  bytes.resize(block.begin + (block.end - block.begin) / 2);
  write_bytes(a[1], bytes);
  std::printf("%llu\n", static_cast<unsigned long long>(
                            log.lower_bound(block.head.first_cycle)));
}

void hash(const Args& a) {
  const LogReader log = opened(a[0]);
  Bytes bytes = read_bytes(a[0]);
  const auto section = log.section(layout::LogSectionKind::kImageHash);
  const auto at =
      std::search(bytes.begin(), bytes.end(), section.begin(), section.end());
  const std::ptrdiff_t last = static_cast<std::ptrdiff_t>(section.size()) - 1;
  at[last] = at[last] == std::byte{'0'} ? std::byte{'1'} : std::byte{'0'};
  trace::seal(bytes);
  write_bytes(a[1], bytes);
}

// Says the cycle of each row.
void inputs(const Args& a) {
  const LogReader log = opened(a[0]);
  Npy npy{NpyType::kF32, {0, 0}, {}};
  for (uint64_t p = log.lower_bound(number(a[2])); p < log.size(); ++p) {
    const CycleView view = log.at(p);
    for (std::size_t i = 3; i < a.size(); ++i) {
      const FieldInfo field = field_of(log, a[i]);
      for (uint32_t k = 0; k < field.count; ++k)
        npy.data.push_back(trace::field_value(field, view.frame, k));
    }
    ++npy.shape[0];
    std::printf("%llu\n", static_cast<unsigned long long>(view.record.cycle));
  }
  npy.shape[1] = static_cast<int64_t>(npy.data.size()) /
                 std::max<int64_t>(1, npy.shape[0]);
  if (auto ok = write_npy(a[1], npy); !ok) fail(ok.error().text());
}

bool same_outcome(const LogReader& log, const CycleView& a,
                  const CycleView& b) {
  const auto command = [&](const CycleView& v) {
    return v.frame.subspan(log.header().action_offset,
                           log.header().action_size);
  };
  const auto key = [](const layout::CycleRecord& r) {
    std::vector<std::byte> bytes(16);
    std::memcpy(&bytes[0], &r.margin, 4);
    std::memcpy(&bytes[4], &r.verdict, 4);
    std::memcpy(&bytes[8], &r.separation, 4);
    bytes[12] = std::byte{r.rung};
    return bytes;
  };
  return key(a.record) == key(b.record) &&
         std::ranges::equal(a.raw_action, b.raw_action) &&
         std::ranges::equal(command(a), command(b));
}

void differ(const Args& a) {
  const LogReader x = opened(a[0]), y = opened(a[1]);
  for (uint64_t cycle = number(a[2]);; ++cycle) {
    const uint64_t p = x.lower_bound(cycle), q = y.lower_bound(cycle);
    if (p == x.size() || q == y.size()) fail("no difference");
    const CycleView u = x.at(p), v = y.at(q);
    if (u.record.cycle == v.record.cycle && same_outcome(x, u, v)) continue;
    std::printf("%llu\n", static_cast<unsigned long long>(cycle));
    return;
  }
}

// The contract scales what the model gives, and rounds it again.
void rows(const Args& a) {
  const auto x = read_npy(a[0]), y = read_npy(a[1]);
  if (!x || !y || x->shape != y->shape || x->shape.size() != 2)
    fail("not two tables of one shape");
  const double scale = std::strtod(a[2].c_str(), nullptr);
  const auto columns = static_cast<std::size_t>(x->shape[1]);
  for (std::size_t i = 0; i < x->data.size(); ++i) {
    const auto u = static_cast<float>(scale * x->data[i]);
    const auto v = static_cast<float>(scale * y->data[i]);
    if (u == v) continue;
    std::printf("%zu\n", i / columns + 1);
    return;
  }
  fail("no difference");
}

struct Command {
  std::string name;
  std::size_t args;  // at least
  void (*run)(const Args&);
};
const Command kCommands[] = {{"flip", 6, flip},     {"drop", 3, drop},
                             {"cut", 3, cut},       {"hash", 2, hash},
                             {"inputs", 4, inputs}, {"differ", 3, differ},
                             {"rows", 3, rows}};

}  // namespace

int main(int argc, char** argv) {
  const Args all(argv + 1, argv + argc);
  for (const Command& c : kCommands) {
    if (all.size() < c.args + 1 || all[0] != c.name) continue;
    c.run({all.begin() + 1, all.end()});
    return 0;
  }
  fail(std::string("usage:\n") + kUsage);
}
