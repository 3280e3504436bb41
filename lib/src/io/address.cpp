// SPDX-License-Identifier: MIT
#include "io/address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

#include "core/error.hpp"

namespace tactus::io {
namespace {

constexpr const char* kForm =
    "write \"127.0.0.1:5010\", \"udp://127.0.0.1:5010\" or "
    "\"udp://[::1]:5010\"";

struct Parts {
  std::string host;
  std::string_view port;
  bool v6 = false;
};

Result<Parts> split(std::string_view text) {
  std::string_view rest = text;
  if (const auto at = rest.find("://"); at != std::string_view::npos) {
    if (rest.substr(0, at) != "udp") {
      return bad_input("address \"{}\": scheme \"{}\" is not udp: {}", text,
                       rest.substr(0, at), kForm);
    }
    rest.remove_prefix(at + 3);
  }
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) {
    return bad_input("address \"{}\": no host or no port: {}", text, kForm);
  }
  std::string_view host = rest.substr(0, colon);
  const bool v6 = host.front() == '[' && host.back() == ']';
  if (v6) host = host.substr(1, host.size() - 2);
  return Parts{std::string(host), rest.substr(colon + 1), v6};
}

bool parse_port(std::string_view text, uint16_t& port) {
  const char* end = text.data() + text.size();
  const auto [p, error] = std::from_chars(text.data(), end, port);
  return error == std::errc{} && p == end && !text.empty();
}

template <class T>
Address filled(const T& address) {
  Address out;
  std::memcpy(&out.storage, &address, sizeof address);
  out.size = sizeof address;
  return out;
}

}  // namespace

Result<Address> parse_address(std::string_view text) {
  auto parts = split(text);
  if (!parts) return parts.error();
  uint16_t port = 0;
  if (!parse_port(parts->port, port)) {
    return bad_input("address \"{}\": port \"{}\" is not 0..65535: {}", text,
                     parts->port, kForm);
  }
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  if (!parts->v6 && inet_pton(AF_INET, parts->host.c_str(), &v4.sin_addr)) {
    return filled(v4);
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  if (parts->v6 && inet_pton(AF_INET6, parts->host.c_str(), &v6.sin6_addr)) {
    return filled(v6);
  }
  return bad_input("address \"{}\": host \"{}\" is not a numeric address: {}",
                   text, parts->host, kForm);
}

std::string Address::text() const {
  char host[INET6_ADDRSTRLEN] = "?";
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &storage, sizeof v6);
    inet_ntop(AF_INET6, &v6.sin6_addr, host, sizeof host);
    return fmt::format("[{}]:{}", host, ntohs(v6.sin6_port));
  }
  sockaddr_in v4{};
  std::memcpy(&v4, &storage, sizeof v4);
  inet_ntop(AF_INET, &v4.sin_addr, host, sizeof host);
  return fmt::format("{}:{}", host, ntohs(v4.sin_port));
}

}  // namespace tactus::io
