// SPDX-License-Identifier: MIT
// What every bench prints and writes: machine, n, min, p50, p99, p99.9, max
// per row, ratios last; and build/bench/<name>.json. No sample is left out.
#pragma once

#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

namespace bench {

struct Row {
  std::string name;
  std::string peer;
  std::size_t n = 0;
  double min = 0, p50 = 0, p95 = 0, p99 = 0, p999 = 0, max = 0;
};

inline double quantile(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) return 0;
  const auto last = sorted.size() - 1;
  const auto i =
      static_cast<std::size_t>(std::llround(p * static_cast<double>(last)));
  return sorted[std::min(i, last)];
}

inline Row row(std::string name, std::string peer, std::vector<double> ns) {
  std::sort(ns.begin(), ns.end());
  return {std::move(name),    std::move(peer),     ns.size(),
          quantile(ns, 0),    quantile(ns, 0.5),   quantile(ns, 0.95),
          quantile(ns, 0.99), quantile(ns, 0.999), quantile(ns, 1)};
}

inline double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return quantile(v, 0.5);
}

inline std::string machine() {
  std::ifstream cpuinfo("/proc/cpuinfo");
  std::string line, model = "unknown CPU";
  while (std::getline(cpuinfo, line))
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  utsname u{};
  uname(&u);
  return fmt::format("{}, {} {}", model, u.sysname, u.release);
}

class Report {
 public:
  explicit Report(std::string name) : name_(std::move(name)) {}
  void add(Row r) { rows_.push_back(std::move(r)); }
  [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }
  [[nodiscard]] const Row& last() const { return rows_.back(); }
  void ratio(std::string key, double value) {
    ratios_.emplace_back(std::move(key), value);
  }

  void print() const {
    fmt::print("bench {}: {}\n", name_, machine());
    fmt::print("{:<28} {:<15} {:>8} {:>9} {:>9} {:>9} {:>9} {:>11}  ns\n",
               "case", "peer", "n", "min", "p50", "p99", "p99.9", "max");
    for (const Row& r : rows_)
      fmt::print(
          "{:<28} {:<15} {:>8} {:>9.1f} {:>9.1f} {:>9.1f} {:>9.1f} "
          "{:>11.1f}\n",
          r.name, r.peer, r.n, r.min, r.p50, r.p99, r.p999, r.max);
    for (const auto& [key, v] : ratios_) fmt::print("{:<28} {:.4g}\n", key, v);
  }

  bool write() const {
    std::filesystem::create_directories("build/bench");
    std::ofstream out("build/bench/" + name_ + ".json");
    out << fmt::format(R"({{"schema":"tactus.bench/1","machine":"{}",)",
                       machine())
        << "\"rows\":[";
    const char* comma = "";
    for (const Row& r : rows_) {
      out << comma
          << fmt::format(R"({{"case":"{}","peer":"{}","n":{},"min_ns":{:.1f},)"
                         R"("p50_ns":{:.1f},"p95_ns":{:.1f},"p99_ns":{:.1f},)"
                         R"("p999_ns":{:.1f},"max_ns":{:.1f}}})",
                         r.name, r.peer, r.n, r.min, r.p50, r.p95, r.p99,
                         r.p999, r.max);
      comma = ",";
    }
    out << "],\"ratios\":{";
    comma = "";
    for (const auto& [key, v] : ratios_) {
      out << comma << fmt::format("\"{}\":{:.6g}", key, v);
      comma = ",";
    }
    out << "}}\n";
    return static_cast<bool>(out.flush());
  }

 private:
  std::string name_;
  std::vector<Row> rows_;
  std::vector<std::pair<std::string, double>> ratios_;
};

}  // namespace bench
