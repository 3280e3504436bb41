// SPDX-License-Identifier: MIT
#include "core/toml.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <sstream>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/toml_node.hpp"

namespace tactus::toml {
namespace {

std::string join(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

std::string place(const State& state, Position at) {
  return fmt::format("{}:{}:{}", state.name, at.line, at.column);
}

// The present keys of `node` that nobody asked for.
std::vector<std::string> strangers(const Node& node) {
  std::vector<std::string> out;
  for (const Node::Entry& entry : node.entries)
    if (std::find(node.asked.begin(), node.asked.end(), entry.key) ==
        node.asked.end())
      out.push_back(entry.key);
  return out;
}

std::string meant(std::string_view key, std::span<const std::string> words) {
  const auto near = nearest(key, words);
  return near.empty() ? "" : fmt::format(" (is \"{}\" meant?)", near);
}

std::string known_keys(const Node& node) {
  std::string out;
  for (const std::string& key : node.asked)
    out += (out.empty() ? "" : ", ") + key;
  return out.empty() ? "no key here" : "one of " + out;
}

Error unknown_key(const State& state, const Node& node,
                  const Node::Entry& entry, const std::string& path) {
  return bad_input("{}: {}: unknown key: expected {}{}", place(state, entry.at),
                   one_line(join(path, entry.key)), known_keys(node),
                   meant(entry.key, node.asked));
}

std::optional<Error> find_unknown(const State& state, const Node& node,
                                  const std::string& path) {
  for (const Node& item : node.items)
    if (auto fault = find_unknown(state, item, path)) return fault;
  if (!node.read) return std::nullopt;
  for (const Node::Entry& entry : node.entries) {
    const bool known = std::find(node.asked.begin(), node.asked.end(),
                                 entry.key) != node.asked.end();
    if (!known) return unknown_key(state, node, entry, path);
    const auto below = join(path, entry.key);
    if (auto fault = find_unknown(state, entry.value, below)) return fault;
  }
  return std::nullopt;
}

Result<std::string> read_whole(const std::string& path) {
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0)
    return file_error(one_line(path), errno, "give a readable file");
  if (!S_ISREG(info.st_mode) && !S_ISFIFO(info.st_mode))
    return bad_input("{}: not a file: give a TOML file", one_line(path));
  errno = 0;
  std::ifstream in(path, std::ios::binary);
  if (!in) return file_error(one_line(path), errno, "give a readable file");
  std::ostringstream out;
  if (!(out << in.rdbuf()))
    return bad_input("{}: cannot be read, or is empty: give a TOML file",
                     one_line(path));
  return std::move(out).str();
}

}  // namespace

const Node* Node::find(std::string_view key) const {
  for (const Entry& entry : entries)
    if (entry.key == key) return &entry.value;
  return nullptr;
}

void Node::note(std::string_view key) const {
  if (std::find(asked.begin(), asked.end(), key) == asked.end())
    asked.emplace_back(key);
}

// ------------------------------------------------------------- document

Document::Document(std::shared_ptr<State> state) : state_(std::move(state)) {}

Result<Document> Document::load(const std::string& path) {
  auto text = read_whole(path);
  if (!text) return text.error();
  return parse(*text, path);
}

Result<Document> Document::parse(std::string_view text,
                                 const std::string& name) {
  auto root = parse_tree(text, one_line(name));
  if (!root) return root.error();
  auto state = std::make_shared<State>();
  state->name = one_line(name);
  state->source = text;
  state->root = std::move(*root);
  return Document(std::move(state));
}

Table Document::root() const {
  state_->root.read = true;
  return {state_, &state_->root, ""};
}

const std::string& Document::name() const { return state_->name; }
const std::string& Document::source() const { return state_->source; }

std::string Document::resolve(const std::string& path) const {
  const auto slash = state_->name.rfind('/');
  if (path.starts_with('/') || slash == std::string::npos) return path;
  return state_->name.substr(0, slash + 1) + path;
}

Result<void> Document::status() const {
  if (state_->first) return *state_->first;
  return {};
}

Result<void> Document::finish() const {
  if (state_->first) return *state_->first;
  if (auto fault = find_unknown(*state_, state_->root, "")) return *fault;
  return {};
}

// ---------------------------------------------------------------- table

Table::Table(std::shared_ptr<State> state, const Node* node, std::string path)
    : state_(std::move(state)), node_(node), path_(std::move(path)) {}

Value Table::operator[](std::string_view key) const {
  if (node_ == nullptr) return {state_, nullptr, join(path_, key)};
  node_->note(key);
  Value value(state_, node_->find(key), join(path_, key));
  value.parent_ = node_;
  return value;
}

bool Table::has(std::string_view key) const {
  if (node_ == nullptr) return false;
  node_->note(key);
  return node_->find(key) != nullptr;
}

std::vector<std::string> Table::keys() const {
  std::vector<std::string> out;
  if (node_ != nullptr)
    for (const Node::Entry& entry : node_->entries) out.push_back(entry.key);
  return out;
}

void Table::skip(std::string_view key) const {
  if (node_ != nullptr) node_->note(key);
}

void Table::skip_all() const {
  for (const std::string& key : keys()) skip(key);
}

std::string Table::where() const {
  const Position at = node_ ? node_->at : Position{};
  return place(*state_, at) + ": " + path_;
}

// ---------------------------------------------------------------- value

Value::Value(std::shared_ptr<State> state, const Node* node, std::string path)
    : state_(std::move(state)), node_(node), path_(std::move(path)) {}

Kind Value::kind() const { return node_ ? node_->kind : Kind::kAbsent; }

std::string Value::where() const {
  const Node* at = node_ ? node_ : parent_;
  return place(*state_, at ? at->at : Position{}) + ": " + one_line(path_);
}

namespace {

std::string seen(const Node* node) {
  if (node == nullptr) return "missing";
  switch (node->kind) {
    case Kind::kText:
      return quoted(node->text);
    case Kind::kInteger:
      return fmt::format("{}", node->integer);
    case Kind::kReal:
      return fmt::format("{}", node->real);
    case Kind::kFlag:
      return node->flag ? "true" : "false";
    case Kind::kList:
      return fmt::format("a list of {}", node->items.size());
    case Kind::kTable:
      return "a table";
    case Kind::kAbsent:
      break;
  }
  return "missing";
}

}  // namespace

void Value::fail(std::string_view expected) const {
  std::string words(expected);
  if (node_ == nullptr && parent_ != nullptr) {
    const auto key = std::string_view(path_).substr(path_.rfind('.') + 1);
    words += meant(key, strangers(*parent_));
  }
  fail(seen(node_), words);
}

void Value::fail(std::string_view what, std::string_view expected) const {
  if (state_->first) return;
  state_->first = bad_input("{}: {}: expected {}", where(), what, expected);
}

namespace {

// Where byte `offset` of a text that begins at `at` stands in the source: one
// step for each byte, two where it is escaped. Texts stand on one line.
Position within(const std::string& source, Position at, std::size_t offset) {
  std::size_t i = 0;
  for (uint32_t line = 1; line < at.line && i < source.size(); ++i)
    if (source[i] == '\n') ++line;
  for (uint32_t column = 1; column < at.column && i < source.size(); ++column)
    i += std::max<std::size_t>(utf8_length(std::string_view(source).substr(i)),
                               1);
  const char quote = i < source.size() ? source[i] : '"';
  ++i;
  ++at.column;
  for (; offset > 0 && i < source.size(); --offset) {
    const bool escaped = quote == '"' && source[i] == '\\';
    i += escaped ? 2 : 1;
    at.column += escaped ? 2 : 1;
  }
  return at;
}

}  // namespace

void Value::fail_within(std::size_t offset, std::string_view what,
                        std::string_view expected) const {
  if (state_->first) return;
  const Position at = within(state_->source, node_->at, offset);
  state_->first = bad_input("{}: {}: {}: expected {}", place(*state_, at),
                            one_line(path_), what, expected);
}

}  // namespace tactus::toml
