// SPDX-License-Identifier: MIT
// TACTUS_FIELDS(Frame, q, dq, u): the log's schema of a frame, and from a
// member pointer to its field's name. Written after the struct, in its
// namespace. Up to 32 fields. Compile-time only.
#ifndef TACTUS_FIELDS_HPP
#define TACTUS_FIELDS_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "tactus/tactus.h"

namespace tactus {

// A receive stamp, nanoseconds of CLOCK_MONOTONIC; 0: never received.
struct Time {
  std::int64_t ns = 0;
};

namespace detail {

template <class T>
struct FieldType;
template <>
struct FieldType<float> {
  static constexpr tactus_type value = TACTUS_F32;
};
template <>
struct FieldType<double> {
  static constexpr tactus_type value = TACTUS_F64;
};
template <>
struct FieldType<std::int32_t> {
  static constexpr tactus_type value = TACTUS_I32;
};
template <>
struct FieldType<std::int64_t> {
  static constexpr tactus_type value = TACTUS_I64;
};
template <>
struct FieldType<std::uint32_t> {
  static constexpr tactus_type value = TACTUS_U32;
};
template <>
struct FieldType<std::uint64_t> {
  static constexpr tactus_type value = TACTUS_U64;
};
template <>
struct FieldType<std::uint8_t> {
  static constexpr tactus_type value = TACTUS_U8;
};
template <>
struct FieldType<Time> {
  static constexpr tactus_type value = TACTUS_TIME;
};

template <class T>
struct Element {
  using type = T;
  static constexpr std::uint32_t count = 1;
};
template <class T, std::size_t n>
struct Element<std::array<T, n>> {
  using type = T;
  static constexpr std::uint32_t count = n;
};
template <class T, std::size_t n>
struct Element<T[n]> {
  using type = T;
  static constexpr std::uint32_t count = n;
};

template <class Member>
constexpr tactus_field make_field(const char* name, std::size_t offset) {
  using E = Element<Member>;
  return {name, "", FieldType<typename E::type>::value, E::count,
          static_cast<std::uint32_t>(offset)};
}

}  // namespace detail

// Name of the field that `member` points to; "" when TACTUS_FIELDS does not
// list it (the builder then refuses it).
template <class Frame, class Member>
const char* field_name(Member Frame::* member) {
  alignas(Frame) static const std::byte storage[sizeof(Frame)] = {};
  const auto* frame = reinterpret_cast<const Frame*>(storage);
  const auto offset = static_cast<std::uint32_t>(
      reinterpret_cast<const std::byte*>(&(frame->*member)) - storage);
  for (const tactus_field& field : frame_fields(static_cast<Frame*>(nullptr))) {
    if (field.offset == offset) return field.name;
  }
  return "";
}

}  // namespace tactus

#define TACTUS_DETAIL_PARENS ()
#define TACTUS_DETAIL_EXPAND(...) \
  TACTUS_DETAIL_EXPAND2(TACTUS_DETAIL_EXPAND2(__VA_ARGS__))
#define TACTUS_DETAIL_EXPAND2(...) \
  TACTUS_DETAIL_EXPAND3(TACTUS_DETAIL_EXPAND3(__VA_ARGS__))
#define TACTUS_DETAIL_EXPAND3(...) \
  TACTUS_DETAIL_EXPAND4(TACTUS_DETAIL_EXPAND4(__VA_ARGS__))
#define TACTUS_DETAIL_EXPAND4(...) \
  TACTUS_DETAIL_EXPAND5(TACTUS_DETAIL_EXPAND5(__VA_ARGS__))
#define TACTUS_DETAIL_EXPAND5(...) __VA_ARGS__
#define TACTUS_DETAIL_EACH(frame, ...) \
  __VA_OPT__(TACTUS_DETAIL_EXPAND(TACTUS_DETAIL_STEP(frame, __VA_ARGS__)))
#define TACTUS_DETAIL_STEP(frame, field, ...)           \
  ::tactus::detail::make_field<decltype(frame::field)>( \
      #field, offsetof(frame, field)),                  \
      __VA_OPT__(TACTUS_DETAIL_AGAIN TACTUS_DETAIL_PARENS(frame, __VA_ARGS__))
#define TACTUS_DETAIL_AGAIN() TACTUS_DETAIL_STEP

#define TACTUS_FIELDS(frame, ...)                              \
  [[maybe_unused]] inline auto frame_fields(const frame*) {    \
    return std::array{TACTUS_DETAIL_EACH(frame, __VA_ARGS__)}; \
  }

#endif
