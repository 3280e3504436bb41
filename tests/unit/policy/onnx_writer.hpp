// SPDX-License-Identifier: MIT
// Writes small ONNX files for tests: just enough protobuf. Header-only.
#pragma once

#include <linux/limits.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace tactus::policy::test {

class Message {
 public:
  Message& number(uint32_t field, uint64_t value) {
    varint(field << 3);
    varint(value);
    return *this;
  }
  Message& text(uint32_t field, const std::string& bytes) {
    varint(field << 3 | 2);
    varint(bytes.size());
    out_ += bytes;
    return *this;
  }
  Message& real(uint32_t field, float value) {
    varint(field << 3 | 5);
    out_.append(reinterpret_cast<const char*>(&value), 4);
    return *this;
  }
  Message& message(uint32_t field, const Message& m) {
    return text(field, m.out_);
  }
  [[nodiscard]] const std::string& bytes() const { return out_; }

 private:
  void varint(uint64_t v) {
    for (; v >= 0x80; v >>= 7) out_ += static_cast<char>(v | 0x80);
    out_ += static_cast<char>(v);
  }
  std::string out_;
};

using Dims = std::vector<int64_t>;

inline Message tensor(const std::string& name, const Dims& dims,
                      const std::vector<float>& data) {
  Message t;
  for (const int64_t d : dims) t.number(1, static_cast<uint64_t>(d));
  t.number(2, 1).text(8, name);
  return t.text(9, {reinterpret_cast<const char*>(data.data()),
                    data.size() * sizeof(float)});
}

inline Message int_tensor(const std::string& name, const Dims& dims,
                          const std::vector<int64_t>& data) {
  Message t;
  for (const int64_t d : dims) t.number(1, static_cast<uint64_t>(d));
  t.number(2, 7).text(8, name);
  return t.text(9, {reinterpret_cast<const char*>(data.data()),
                    data.size() * sizeof(int64_t)});
}

inline Message int_attribute(const std::string& name, int64_t value) {
  return Message()
      .text(1, name)
      .number(3, static_cast<uint64_t>(value))
      .number(20, 2);
}
inline Message real_attribute(const std::string& name, float value) {
  return Message().text(1, name).real(2, value).number(20, 1);
}
inline Message text_attribute(const std::string& name, const std::string& s) {
  return Message().text(1, name).text(4, s).number(20, 3);
}

inline Message ints_attribute(const std::string& name, const Dims& values) {
  Message a = Message().text(1, name).number(20, 7);
  for (const int64_t v : values) a.number(8, static_cast<uint64_t>(v));
  return a;
}
inline Message floats_attribute(const std::string& name,
                                const std::vector<float>& values) {
  Message a = Message().text(1, name).number(20, 6);
  for (const float v : values) a.real(7, v);
  return a;
}
inline Message texts_attribute(const std::string& name,
                               const std::vector<std::string>& values) {
  Message a = Message().text(1, name).number(20, 8);
  for (const auto& v : values) a.text(9, v);
  return a;
}

// `type`: ONNX's number; T its representation.
template <class T>
Message typed_tensor(uint64_t type, const std::string& name, const Dims& dims,
                     const std::vector<T>& data) {
  Message t;
  for (const int64_t d : dims) t.number(1, static_cast<uint64_t>(d));
  t.number(2, type).text(8, name);
  return t.text(
      9, {reinterpret_cast<const char*>(data.data()), data.size() * sizeof(T)});
}

inline Message value(const std::string& name, const Dims& dims) {
  Message shape;
  for (const int64_t d : dims) {
    shape.message(1, d < 0 ? Message().text(2, "batch")
                           : Message().number(1, static_cast<uint64_t>(d)));
  }
  const Message type =
      Message().message(1, Message().number(1, 1).message(2, shape));
  return Message().text(1, name).message(2, type);
}

// Adds up nodes, weights, inputs and outputs; bytes() is the file.
class OnnxFile {
 public:
  OnnxFile& node(const std::string& op, const std::vector<std::string>& in,
                 const std::vector<std::string>& out,
                 const std::vector<Message>& attributes = {}) {
    Message n;
    for (const auto& name : in) n.text(1, name);
    for (const auto& name : out) n.text(2, name);
    // Unique: ONNX Runtime insists.
    const int same = ++named_[op];
    n.text(3, op + "_node" + (same > 1 ? std::to_string(same) : ""))
        .text(4, op);
    for (const auto& a : attributes) n.message(5, a);
    graph_.message(1, n);
    return *this;
  }
  OnnxFile& weight(const Message& tensor) {
    graph_.message(5, tensor);
    return *this;
  }
  OnnxFile& input(const std::string& name, const Dims& dims) {
    graph_.message(11, value(name, dims));
    return *this;
  }
  OnnxFile& output(const std::string& name, const Dims& dims) {
    graph_.message(12, value(name, dims));
    return *this;
  }
  OnnxFile& metadata(const std::string& key, const std::string& text) {
    metadata_.emplace_back(key, text);
    return *this;
  }
  OnnxFile& opset(uint64_t version) {
    opset_ = version;
    return *this;
  }
  // The opset comes last: without it no prefix of the file is a model.
  [[nodiscard]] std::string bytes() const {
    Message model;
    model.number(1, 8).text(2, "test").message(7, graph_);
    for (const auto& [key, text] : metadata_) {
      model.message(14, Message().text(1, key).text(2, text));
    }
    return model.message(8, Message().number(2, opset_)).bytes();
  }

 private:
  Message graph_;
  std::map<std::string, int> named_;
  std::vector<std::pair<std::string, std::string>> metadata_;
  uint64_t opset_ = 17;
};

inline std::span<const std::byte> as_image(const std::string& bytes) {
  return std::as_bytes(std::span(bytes));
}

// A folder of its own, removed with all that is in it.
class TempFolder {
 public:
  TempFolder() {
    const char* base = std::getenv("TMPDIR");
    path_ = std::string(base ? base : "/tmp") + "/tactus-policy-XXXXXX";
    if (!::mkdtemp(path_.data())) std::abort();
  }
  ~TempFolder() {
    const std::string command = "rm -rf '" + path_ + "'";
    if (std::system(command.c_str()) != 0) std::abort();
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  std::string write(const std::string& name, const std::string& bytes) const {
    const std::string path = path_ + "/" + name;
    std::FILE* f = std::fopen(path.c_str(), "wb");
    if (!f || std::fwrite(bytes.data(), 1, bytes.size(), f) != bytes.size() ||
        std::fclose(f) != 0) {
      std::abort();
    }
    return path;
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Modules are built beside the folder of the test programs. One thread: on
// small products OpenMP's team only waits for itself.
inline void use_built_modules() {
  char exe[PATH_MAX];
  const ssize_t n = ::readlink("/proc/self/exe", exe, sizeof exe);
  std::string path(exe, n > 0 ? static_cast<std::size_t>(n) : 0);
  path = path.substr(0, path.rfind('/'));
  ::setenv("TACTUS_PLUGIN_DIR", path.substr(0, path.rfind('/')).c_str(), 1);
  ::setenv("OMP_NUM_THREADS", "1", 1);
}

}  // namespace tactus::policy::test
