// SPDX-License-Identifier: MIT
#include "policy/image.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <list>

#include "core/error.hpp"
#include "core/fd.hpp"
#include "policy/tmodel.hpp"

namespace tactus::policy {
namespace {

constexpr char kMagic[] = "TACTUSMB";
constexpr std::size_t kMagicSize = 8;
constexpr uint32_t kVersion = 1;
constexpr uint64_t kMaxFile = uint64_t{1} << 30;
constexpr std::size_t kMaxFiles = 64;

using Bytes = std::vector<std::byte>;

struct File {
  std::string name;
  Bytes data;
};

Result<Bytes> read_all(const UniqueFd& fd, const std::string& path) {
  struct stat info{};
  if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return bad_input("{}: not a regular file: give an ONNX file", path);
  }
  if (static_cast<uint64_t>(info.st_size) > kMaxFile) {
    return bad_input("{}: larger than 1 GiB: not a policy", path);
  }
  Bytes data(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < data.size()) {
    const ssize_t got =
        ::read(fd.get(), data.data() + done, data.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return bad_input("{}: changed while read: try again", path);
    done += static_cast<std::size_t>(got);
  }
  return data;
}

bool is_plain(const std::string& location) {
  if (location.empty() || location[0] == '/' ||
      location.find('\0') != std::string::npos) {
    return false;
  }
  std::size_t at = 0;
  while (at <= location.size()) {
    const std::size_t end = std::min(location.find('/', at), location.size());
    if (location.substr(at, end - at) == "..") return false;
    at = end + 1;
  }
  return true;
}

struct Opened {
  UniqueFd fd;
  int why;  // errno, if it is none
};

// The kernel keeps the path beneath the folder, links included.
Opened open_beneath(const std::string& folder, const std::string& location) {
  UniqueFd dir(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  open_how how{};
  how.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const auto fd = static_cast<int>(
      ::syscall(SYS_openat2, dir.get(), location.c_str(), &how, sizeof how));
  const int why = errno;
  return {UniqueFd(fd), why};
}

class FolderFiles {
 public:
  FolderFiles(std::string path, std::list<File>& files)
      : path_(std::move(path)), files_(files) {}

  Result<std::span<const std::byte>> get(const std::string& location) {
    for (const File& f : files_) {
      if (f.name == location) return std::span<const std::byte>(f.data);
    }
    if (!is_plain(location) || files_.size() >= kMaxFiles)
      return outside(location);
    const std::size_t slash = path_.rfind('/');
    const std::string folder =
        slash == std::string::npos ? "." : path_.substr(0, slash + 1);
    const auto [fd, why] = open_beneath(folder, location);
    if (!fd && why == EXDEV) return outside(location);  // by a link
    if (!fd) {
      return file_error(fmt::format("{}: external data '{}'", path_, location),
                        why, "put it beside the model");
    }
    auto data = read_all(fd, location);
    if (!data) return data.error();
    files_.push_back({location, std::move(*data)});
    return std::span<const std::byte>(files_.back().data);
  }

 private:
  [[nodiscard]] Error outside(const std::string& location) const {
    return bad_input(
        "{}: external data '{}' is outside the model's folder: put it beside "
        "the model",
        path_, location);
  }

  std::string path_;
  std::list<File>& files_;
};

template <class T>
void put(Bytes& out, T value) {
  const auto* p = reinterpret_cast<const std::byte*>(&value);
  out.insert(out.end(), p, p + sizeof value);
}

Bytes bundle(const std::list<File>& files) {
  const auto* magic = reinterpret_cast<const std::byte*>(kMagic);
  Bytes out(magic, magic + kMagicSize);
  put(out, kVersion);
  put(out, static_cast<uint32_t>(files.size()));
  for (const File& f : files) {
    put(out, static_cast<uint64_t>(f.name.size()));
    put(out, static_cast<uint64_t>(f.data.size()));
    const auto* name = reinterpret_cast<const std::byte*>(f.name.data());
    out.insert(out.end(), name, name + f.name.size());
    out.insert(out.end(), f.data.begin(), f.data.end());
  }
  return out;
}

struct Entry {
  std::string name;
  std::span<const std::byte> data;
};

bool take(std::span<const std::byte>& rest, std::size_t size,
          std::span<const std::byte>& out) {
  if (size > rest.size()) return false;
  out = rest.first(size);
  rest = rest.subspan(size);
  return true;
}

template <class T>
bool take_number(std::span<const std::byte>& rest, T& value) {
  std::span<const std::byte> bytes;
  if (!take(rest, sizeof value, bytes)) return false;
  std::memcpy(&value, bytes.data(), sizeof value);
  return true;
}

bool unbundle(std::span<const std::byte> rest, std::vector<Entry>& entries) {
  uint32_t version = 0, count = 0;
  rest = rest.subspan(kMagicSize);
  if (!take_number(rest, version) || !take_number(rest, count) ||
      version != kVersion || count == 0 || count > kMaxFiles + 1) {
    return false;
  }
  for (uint32_t i = 0; i < count; ++i) {
    uint64_t name_size = 0, size = 0;
    std::span<const std::byte> name, data;
    if (!take_number(rest, name_size) || !take_number(rest, size) ||
        !take(rest, name_size, name) || !take(rest, size, data)) {
      return false;
    }
    entries.push_back(
        {{reinterpret_cast<const char*>(name.data()), name.size()}, data});
  }
  return rest.empty();
}

bool is_bundle(std::span<const std::byte> image) {
  return image.size() >= kMagicSize &&
         std::memcmp(image.data(), kMagic, kMagicSize) == 0;
}

}  // namespace

Result<LoadedModel> load_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    return file_error(path, errno, "give an ONNX file");
  }
  auto data = read_all(fd, path);
  if (!data) return data.error();
  if (is_bundle(*data) || is_tmodel(*data)) return load_image(*data, path);
  std::list<File> extra;
  FolderFiles folder(path, extra);
  auto model = onnx::parse(
      *data, path, [&](const std::string& name) { return folder.get(name); });
  if (!model) return model.error();
  if (!extra.empty()) {
    extra.push_front({"", std::move(*data)});
    return LoadedModel{std::move(*model), bundle(extra), nullptr};
  }
  return LoadedModel{std::move(*model), std::move(*data), nullptr};
}

namespace {

Result<onnx::Model> parse_image(std::span<const std::byte> image,
                                const std::string& label) {
  std::vector<Entry> entries{{"", image}};
  if (is_bundle(image)) {
    entries.clear();
    if (!unbundle(image, entries)) {
      return bad_input("{}: damaged model bundle: take another log", label);
    }
  }
  const onnx::External external =
      [&](const std::string& name) -> Result<std::span<const std::byte>> {
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].name == name) return entries[i].data;
    }
    return bad_input("{}: external data '{}' is not in the image", label, name);
  };
  return onnx::parse(entries[0].data, label, external);
}

// What the sections repeat of the image.
Result<void> fit_stored(const Stored& stored, const std::string& label,
                        const onnx::Model& model) {
  const auto text = [&](std::string_view key) -> std::string_view {
    const auto it =
        std::ranges::find(model.metadata, key, &onnx::Property::key);
    return it == model.metadata.end() ? "" : std::string_view(it->value);
  };
  if (stored.contract != text("tactus.contract")) {
    return bad_input(
        "{}: its contract section is not the contract of the model in it: make "
        "it again with rtctl model quantize",
        label);
  }
  if (stored.golden_tolerance == 0 || !text("tactus.golden").empty()) return {};
  return bad_input(
      "{}: it has a tolerance for golden vectors, the model in it has none: "
      "make it again with rtctl model quantize",
      label);
}

Result<LoadedModel> load_tmodel(std::span<const std::byte> image,
                                const std::string& label) {
  auto file = parse_tmodel(image, label);
  if (!file) return file.error();
  auto model = parse_image(file->image, label);
  if (!model) return model.error();
  if (auto ok = fit_stored(file->stored, label, *model); !ok) return ok.error();
  return LoadedModel{std::move(*model),
                     {image.begin(), image.end()},
                     std::make_shared<Stored>(std::move(file->stored))};
}

}  // namespace

std::span<const std::byte> model_part(std::span<const std::byte> image) {
  if (!is_tmodel(image)) return image;
  const auto file = parse_tmodel(image, "");
  return file ? file->image : image;
}

std::span<const std::byte> onnx_part(std::span<const std::byte> image) {
  image = model_part(image);
  if (!is_bundle(image)) return image;
  std::vector<Entry> entries;
  return unbundle(image, entries) ? entries[0].data : image;
}

Result<LoadedModel> load_image(std::span<const std::byte> image,
                               const std::string& label) {
  if (is_tmodel(image)) return load_tmodel(image, label);
  auto model = parse_image(image, label);
  if (!model) return model.error();
  return LoadedModel{std::move(*model), {image.begin(), image.end()}, nullptr};
}

}  // namespace tactus::policy
