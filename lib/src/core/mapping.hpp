// SPDX-License-Identifier: MIT
// An owned mmap of a file descriptor or of anonymous memory. Set-up only;
// the memory itself is what the RT path uses. Prefaulted where writable.
#pragma once

#include <cstddef>
#include <string>

#include "core/fd.hpp"
#include "tactus/result.hpp"

namespace tactus {

enum class Access { kRead, kReadWrite };

class Mapping {
 public:
  Mapping() = default;
  Mapping(Mapping&& other) noexcept;
  Mapping& operator=(Mapping&& other) noexcept;
  ~Mapping();

  // Shared mapping of `size` bytes of `fd` from offset 0.
  static Result<Mapping> of(int fd, std::size_t size, Access access);
  // Private, zeroed, prefaulted.
  static Result<Mapping> anonymous(std::size_t size);

  [[nodiscard]] std::byte* data() const { return data_; }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  Mapping(std::byte* data, std::size_t size) : data_(data), size_(size) {}

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

// A sealed-size memfd of `size` zero bytes, close-on-exec.
Result<UniqueFd> make_memfd(const std::string& name, std::size_t size);

}  // namespace tactus
