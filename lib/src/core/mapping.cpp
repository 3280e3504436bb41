// SPDX-License-Identifier: MIT
#include "core/mapping.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <cerrno>
#include <utility>

#include "core/error.hpp"

namespace tactus {

Mapping::Mapping(Mapping&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

Mapping& Mapping::operator=(Mapping&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

Mapping::~Mapping() {
  if (data_) ::munmap(data_, size_);
}

Result<Mapping> Mapping::of(int fd, std::size_t size, Access access) {
  const bool writable = access == Access::kReadWrite;
  const int protection = PROT_READ | (writable ? PROT_WRITE : 0);
  void* p = ::mmap(nullptr, size, protection, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (p == MAP_FAILED) {
    return system_error(fmt::format("mmap of {} bytes", size), errno,
                        "free memory, or raise RLIMIT_AS");
  }
  return Mapping(static_cast<std::byte*>(p), size);
}

Result<Mapping> Mapping::anonymous(std::size_t size) {
  void* p = ::mmap(nullptr, size, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (p == MAP_FAILED) {
    return system_error(fmt::format("mmap of {} bytes", size), errno,
                        "free memory, or raise RLIMIT_AS");
  }
  return Mapping(static_cast<std::byte*>(p), size);
}

Result<UniqueFd> make_memfd(const std::string& name, std::size_t size) {
  UniqueFd fd(::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0) {
    return system_error(fmt::format("memfd of {} bytes", size), errno,
                        "free memory");
  }
  ::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW);
  return fd;
}

}  // namespace tactus
