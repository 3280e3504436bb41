// SPDX-License-Identifier: MIT
// A program as objdump lists it: its functions, their instructions, and which
// of them are ever run. Header-only, for mutants.cpp.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mutation {

struct Instruction {
  uint64_t address = 0;
  std::vector<unsigned char> code;
  std::string text;  // "vaddpd %zmm0,%zmm1,%zmm2"
};

struct Function {
  std::string name;  // up to its arguments: what is done, not to what
  std::vector<Instruction> code;
  std::vector<uint64_t> mentions;  // addresses that it calls or takes
};
using Functions = std::map<uint64_t, Function>;  // by address

[[noreturn]] inline void die(const std::string& why) {
  std::fprintf(stderr, "mutants: %s\n", why.c_str());
  std::exit(2);
}

inline std::vector<std::string> lines_of(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) die("cannot start " + command);
  std::vector<std::string> lines;
  char* line = nullptr;
  std::size_t size = 0;
  while (getline(&line, &size, pipe) > 0) {
    lines.emplace_back(line);
    lines.back().erase(lines.back().find_last_not_of("\n") + 1);
  }
  std::free(line);
  if (pclose(pipe) != 0) die(command + ": failed");
  return lines;
}

// "  10b820:\t62 f1 ed 48 58 c1 \tvaddpd ...".
inline bool parse(const std::string& line, Instruction& out) {
  const std::size_t colon = line.find(":\t");
  if (colon == std::string::npos) return false;
  const std::size_t text = line.find('\t', colon + 2);
  if (text == std::string::npos) return false;
  out = {};
  out.address = std::strtoull(line.c_str(), nullptr, 16);
  std::istringstream bytes(line.substr(colon + 2, text - colon - 2));
  for (unsigned byte = 0; bytes >> std::hex >> byte;)
    out.code.push_back(static_cast<unsigned char>(byte));
  out.text = line.substr(text + 1);
  return !out.code.empty();
}

// "…010 <void tactus::judge<(anonymous namespace)::X>(Image const&)>:".
inline std::string name_of(std::string line) {
  constexpr std::string_view kHidden = "(anonymous namespace)";
  for (std::size_t at; (at = line.find(kHidden)) != std::string::npos;)
    line.replace(at, kHidden.size(), "anonymous");
  return line.substr(0, line.find('('));
}

// "call 3f129 <judge>", "lea 0x1d(%rip),%rax  # 3f129 <judge>": 0x3f129.
inline uint64_t mentioned_in(const std::string& text) {
  const std::size_t end = text.find(" <");
  if (end == std::string::npos) return 0;
  const std::size_t begin = text.find_last_of(" \t", end - 1) + 1;
  return std::strtoull(text.c_str() + begin, nullptr, 16);
}

inline Functions functions_of(const std::string& program) {
  Functions all;
  Function* now = nullptr;
  for (const std::string& line :
       lines_of("objdump -d -C --insn-width=16 '" + program + "'")) {
    if (!line.empty() && line[0] == '0' && line.ends_with(">:")) {
      now = &all[std::strtoull(line.c_str(), nullptr, 16)];
      now->name = name_of(line);
      continue;
    }
    Instruction one;
    if (!now || !parse(line, one)) continue;
    if (const uint64_t other = mentioned_in(one.text))
      now->mentions.push_back(other);
    now->code.push_back(std::move(one));
  }
  return all;
}

inline Function* function_at(Functions& all, uint64_t address) {
  auto after = all.upper_bound(address);
  return after == all.begin() ? nullptr : &std::prev(after)->second;
}

// Addresses in tables: "…3b0 R_X86_64_RELATIVE  *ABS*+0x000000000003f129".
inline std::vector<uint64_t> tables_of(const std::string& program) {
  constexpr std::string_view kBefore = "*ABS*+";
  std::vector<uint64_t> out;
  for (const std::string& line : lines_of("objdump -R '" + program + "'")) {
    const std::size_t at = line.find(kBefore);
    if (at != std::string::npos)
      out.push_back(
          std::strtoull(line.c_str() + at + kBefore.size(), nullptr, 16));
  }
  return out;
}

// Those with `space` in their names that others than functions with `except`
// in theirs run: what is only inlined leaves copies that nobody does.
inline std::vector<const Function*> run_of(const std::string& program,
                                           Functions& all,
                                           const std::string& space,
                                           const std::string& except) {
  const auto has = [](const Function& f, const std::string& part) {
    return f.name.find(part) != std::string::npos;
  };
  std::vector<Function*> todo;
  std::set<const Function*> seen;
  const auto reach = [&](Function* f) {
    const bool out = !f || (!except.empty() && has(*f, except));
    if (!out && seen.insert(f).second) todo.push_back(f);
  };
  for (auto& [address, f] : all)
    if (!has(f, space)) reach(&f);
  for (const uint64_t address : tables_of(program))
    reach(function_at(all, address));
  while (!todo.empty()) {
    Function* f = todo.back();
    todo.pop_back();
    for (const uint64_t other : f->mentions) reach(function_at(all, other));
  }
  std::vector<const Function*> out;
  for (auto& [address, f] : all)
    if (has(f, space) && seen.contains(&f)) out.push_back(&f);
  return out;
}

}  // namespace mutation
