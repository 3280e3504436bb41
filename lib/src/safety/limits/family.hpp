// SPDX-License-Identifier: MIT
// What the families of [limit] share. A family is a file in families/ with
// its reader and its rows, and a line in kFamilies (limits.cpp).
#pragma once

#include "safety/limits/ir.hpp"

namespace tactus::safety::limits {

struct Input {
  const Scope& scope;
  const std::vector<Signal>& signals;
  LimitsIr& out;
  const LimitsIr& before;  // of the files before this one
};

// A named table: NAME = {…}.
using Reader = void (*)(const std::string& name, const toml::Table& table,
                        const Input& in);

struct Family {
  std::string_view kind;  // of a named table with kind = "…"; or empty
  Reader read;            // of it; or null
  // Tables and rows of what was read; an error is without the file's name.
  // Null: the line before it does.
  Result<void> (*lower)(const LimitsIr& from, Image& to);
};

// severity and response of a row.
void read_answer(const toml::Table& table, RowIr& row);
// An error at response = "warn" where a row may not only warn.
void must_act(const toml::Table& table, const RowIr& row, const char* why);
// The same, margin, scale, warn and hysteresis of a named row.
RowIr common(const toml::Table& table, const std::string& id, Dimension unit,
             double scale);
// A row is added even where there is no room for it: rows then says so.
void add_row(Image& image, const RowIr& from, RowKernel kernel, uint32_t index);

// At most `most` entries: room for one more, or an error at `key`.
void need_room(const toml::Table& table, const char* key, std::size_t have,
               uint32_t most, const char* what);
double not_negative(const toml::Table& table, const char* key, Dimension d);
// An error at `key` unless some part of the robot that moves has a cover.
void need_geometry(const toml::Table& table, const char* key, const Input& in);

// families/joints.cpp: action = {…}, joint = {…}.
void read_action(const toml::Table& table, const Input& in);
void read_joint(const toml::Table& table, const Input& in);
Result<void> lower_joints(const LimitsIr& from, Image& to);
// families/linear.cpp: kind = "linear", of = "u", "q" or "dq".
void read_linear(const std::string& name, const toml::Table& table,
                 const Input& in);
Result<void> lower_linear(const LimitsIr& from, Image& to);
// families/contact.cpp: kind = "pfl".
void read_contact(const std::string& name, const toml::Table& table,
                  const Input& in);
// That all profiles may be met, where values of several files come together.
void check_profiles(const LimitsIr& limits);
Result<void> lower_contacts(const LimitsIr& from, Image& to);
// families/barriers.cpp: kind = "cbf". What it is on may stand after it, or in
// another file: found once all was read.
void read_barrier(const std::string& name, const toml::Table& table,
                  const Input& in);
void find_barred(LimitsIr& limits);
Result<void> lower_barriers(const LimitsIr& from, Image& to);
// families/loads.cpp: kind = "torque", "force" or "power".
void read_torque(const std::string& name, const toml::Table& table,
                 const Input& in);
void read_force(const std::string& name, const toml::Table& table,
                const Input& in);
void read_power(const std::string& name, const toml::Table& table,
                const Input& in);
Result<void> lower_loads(const LimitsIr& from, Image& to);
// families/energy.cpp: kind = "energy".
void read_energy(const std::string& name, const toml::Table& table,
                 const Input& in);
Result<void> lower_energy(const LimitsIr& from, Image& to);
// families/space.cpp: keep = "in" or "out", and which shape.
void read_keep(const std::string& name, const toml::Table& table,
               const Input& in);
void check_room(const LimitsIr& limits);
Result<void> lower_space(const LimitsIr& from, Image& to);

// What is kept in or out: NAME = {keep, SHAPE, links, except, allow, …}.
struct Keep {
  const std::string& name;
  const toml::Table& table;
  const Input& in;
  bool inside;
  Binds binds;
};
// Warns when the base, at `deepest` m inside, is not in a set to stay in.
void warn_base(const Keep& keep, const char* key, double deepest);
RowIr keep_row(const Keep& keep);
// families/binds.cpp: links, except, allow.
Binds read_binds(const toml::Table& table, const Input& in);
// families/boxes.cpp and solids.cpp.
void read_box(const Keep& keep);
void read_sphere(const Keep& keep);
void read_capsule(const Keep& keep);
void read_halfspace(const Keep& keep);
void read_hull(const Keep& keep);
void lower_boxes(const LimitsIr& from, Image& to);
void lower_solids(const LimitsIr& from, Image& to);
// Three lengths.
void read_point(const toml::Value& value, double* out);

// families/self.cpp: kind = "self".
void read_self(const std::string& name, const toml::Table& table,
               const Input& in);
Result<void> lower_self(const LimitsIr& from, Image& to);
// families/human.cpp: kind = "ssm".
// The signal in `of` that shows a human; 0 after an error.
uint32_t human_signal(const toml::Table& table, const Input& in);
void read_ssm(const std::string& name, const toml::Table& table,
              const Input& in);
Result<void> lower_humans(const LimitsIr& from, Image& to);
// families/expressions.cpp: kind = "expr".
void read_expression(const std::string& name, const toml::Table& table,
                     const Input& in);
Result<void> lower_expressions(const LimitsIr& from, Image& to);
// families/past_time.cpp: past = "…" or at_most = "…" of an expression. False:
// it has neither.
bool read_past_time(const toml::Table& table, const Input& in, Memory& out);
void lower_past_time(const LimitsIr& from, Image& to);
// families/callbacks.cpp: kind = "callback".
void read_callback(const std::string& name, const toml::Table& table,
                   const Input& in);
Result<void> lower_callbacks(const LimitsIr& from, Image& to);

}  // namespace tactus::safety::limits
