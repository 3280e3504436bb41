// SPDX-License-Identifier: MIT
// Which changes of one x86-64 instruction are tried.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "listing.hpp"

namespace mutation {

using Bytes = std::vector<unsigned char>;

struct Mutant {
  uint64_t address = 0;
  std::size_t at = 0;  // of the changed byte, in the instruction
  unsigned char to = 0;
  std::string what;  // "vaddpd: sum to difference"
  std::string line;  // "near.hpp:95 < near.hpp:120": inlined there
};

// Of the opcode's last byte, behind prefixes and the 0F of old instructions;
// the whole size where the encoding is none that is changed here.
inline std::size_t opcode_at(const Bytes& code) {
  std::size_t i = 0;
  if (code[0] == 0xC5 && code.size() > 3) return 2;
  if (code[0] == 0xC4 && code.size() > 4) return 3;
  if (code[0] == 0x62 && code.size() > 5) return 4;
  while (i < code.size() &&
         (code[i] == 0x66 || code[i] == 0xF2 || code[i] == 0xF3))
    ++i;
  if (i < code.size() && (code[i] & 0xF0) == 0x40) ++i;  // REX
  if (i < code.size() && code[i] == 0x0F) return i + 1;
  return i;
}

inline bool begins(const std::string& text, const char* with) {
  return text.starts_with(with);
}
inline bool is_packed_or_scalar(const std::string& name) {
  return name.ends_with("pd") || name.ends_with("ps") || name.ends_with("sd") ||
         name.ends_with("ss");
}

inline void arithmetic(const Instruction& from, const std::string& name,
                       std::vector<Mutant>& out) {
  const std::size_t at = opcode_at(from.code);
  if (at >= from.code.size() || !is_packed_or_scalar(name)) return;
  const std::string core = name[0] == 'v' ? name.substr(1) : name;
  const auto add = [&](unsigned char to, const char* what) {
    out.push_back({from.address, at, to, name + ": " + what, ""});
  };
  switch (from.code[at]) {
    case 0x58:
      if (begins(core, "add")) add(0x5C, "sum to difference");
      break;
    case 0x5C:
      if (begins(core, "sub")) add(0x58, "difference to sum");
      break;
    case 0x5D:
      if (begins(core, "min")) add(0x5F, "minimum to maximum");
      break;
    case 0x5F:
      if (begins(core, "max")) add(0x5D, "maximum to minimum");
      break;
    default:
      break;
  }
}

// objdump writes the predicate into the name ("vcmplepd"); it is the last
// byte, and its third bit negates it.
inline void comparison(const Instruction& from, const std::string& name,
                       std::vector<Mutant>& out) {
  const std::string core = name[0] == 'v' ? name.substr(1) : name;
  if (!begins(core, "cmp") || !is_packed_or_scalar(name)) return;
  const std::size_t at = from.code.size() - 1;
  if (from.code[opcode_at(from.code)] != 0xC2) return;
  out.push_back({from.address, at,
                 static_cast<unsigned char>(from.code[at] ^ 4),
                 name + ": negated", ""});
}

inline void condition(const Instruction& from, const std::string& name,
                      std::vector<Mutant>& out) {
  const Bytes& code = from.code;
  const std::size_t at = opcode_at(code);
  if (at >= code.size()) return;
  const bool jump = name[0] == 'j' && name != "jmp";
  const bool near = jump && at > 0 && (code[at] & 0xF0) == 0x80;
  const bool close = jump && at == 0 && (code[at] & 0xF0) == 0x70;
  const bool set = begins(name, "set") && (code[at] & 0xF0) == 0x90;
  const bool move = begins(name, "cmov") && (code[at] & 0xF0) == 0x40;
  if (!near && !close && !set && !move) return;
  out.push_back({from.address, at, static_cast<unsigned char>(code[at] ^ 1),
                 name + ": negated", ""});
}

// All of them.
inline void changes_of(const Instruction& from, std::vector<Mutant>& out) {
  const std::string name = from.text.substr(0, from.text.find(' '));
  if (name.empty()) return;
  arithmetic(from, name, out);
  comparison(from, name, out);
  condition(from, name, out);
}

}  // namespace mutation
