// SPDX-License-Identifier: MIT
#include "safety/limits/use.hpp"

#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/image.hpp"

namespace tactus::safety::limits {
namespace {

using std::filesystem::path;

class Gatherer {
 public:
  Gatherer(const toml::Document& first, const Options& options)
      : first_(first), options_(options) {}

  Result<std::vector<Part>> all() {
    const std::string name = path(first_.name()).filename();
    if (auto ok = take(first_, name, name); !ok) return ok.error();
    const Edits* edits = options_.edits;
    if (edits == nullptr || edits->add.empty()) return std::move(parts_);
    auto added = toml::Document::parse(edits->add, "program");
    if (!added) return added.error();
    if (auto ok = take(*added, "program", "program"); !ok) return ok.error();
    return std::move(parts_);
  }

 private:
  Result<void> take(const toml::Document& document, const std::string& where,
                    const std::string& label) {
    parts_.push_back({document, where, label});
    const auto limit = document.root()["limit"];
    if (limit.kind() != toml::Kind::kTable) {
      if (parts_.size() > 1)
        limit.fail("a [limit] table: that is all that is used of a file");
      return document.status();
    }
    const auto table = limit.table();
    if (!table.has("use")) return document.status();
    chain_.push_back(where);
    for (const auto& item : table.list("use")) {
      auto ok = use(document, where, item);
      if (!ok) return ok;
    }
    chain_.pop_back();
    return document.status();
  }

  Result<void> use(const toml::Document& by, const std::string& where,
                   const toml::Value& item) {
    const std::string named = item.text();
    if (named.empty()) return by.status();
    const path next = (path(where).parent_path() / named).lexically_normal();
    if (is_in(chain_, next)) {
      item.fail(fmt::format("a cycle: {} uses {}", fmt::join(chain_, " uses "),
                            next.string()),
                "files that do not use one another");
      return by.status();
    }
    const auto same = [&](const Part& p) { return p.path == next; };
    if (std::any_of(parts_.begin(), parts_.end(), same)) return {};
    if (parts_.size() == kMaxLimitFiles) {
      item.fail(fmt::format("one file more than {}", kMaxLimitFiles),
                "fewer: join some of them");
      return by.status();
    }
    auto document = read(by, next, item);
    if (!document) return document.error();
    return take(*document, next, next.stem());
  }

  static bool is_in(const std::vector<std::string>& list, const path& what) {
    return std::find(list.begin(), list.end(), what.string()) != list.end();
  }

  Result<toml::Document> read(const toml::Document& by, const path& next,
                              const toml::Value& item) {
    UsedFiles* used = options_.used;
    if (used != nullptr && used->recorded) return recorded(by, next, item);
    const std::string found = first_.resolve(next);
    if (::access(found.c_str(), R_OK) != 0) {
      item.fail(
          fmt::format("{}: {}", tactus::quoted(found), std::strerror(errno)),
          "a file that can be read, from the folder of this one");
      return by.status().error();
    }
    auto document = toml::Document::load(found);
    if (document && used != nullptr)
      used->file.push_back({next, document->source()});
    return document;
  }

  Result<toml::Document> recorded(const toml::Document& by, const path& next,
                                  const toml::Value& item) {
    for (const UsedFile& file : options_.used->file)
      if (file.path == next)
        return toml::Document::parse(
            file.text, fmt::format("{} ({})", first_.name(), file.path));
    item.fail(tactus::quoted(next.string()), "a file that the log has");
    return by.status().error();
  }

  const toml::Document& first_;
  const Options& options_;
  std::vector<Part> parts_;
  std::vector<std::string> chain_;  // each used by the one before it
};

}  // namespace

Result<std::vector<Part>> gather(const toml::Document& first,
                                 const Options& options) {
  return Gatherer(first, options).all();
}

Result<void> finish_used(const std::vector<Part>& parts) {
  for (const Part& part : parts)
    if (auto ok = part.document.status(); !ok) return ok;
  for (std::size_t i = 1; i < parts.size(); ++i)
    if (auto ok = parts[i].document.finish(); !ok) return ok;
  return {};
}

}  // namespace tactus::safety::limits
