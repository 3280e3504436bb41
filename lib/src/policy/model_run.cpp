// SPDX-License-Identifier: MIT
#include "policy/model_run.hpp"

#include <sys/stat.h>

#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <chrono>

#include "core/error.hpp"
#include "core/npy.hpp"
#include "policy/batch.hpp"
#include "policy/observer.hpp"

namespace tactus::policy {
namespace {

// A run's input or a state: where its rows come from.
struct Feed {
  std::string name;
  std::vector<int64_t> shape;
  std::size_t size = 0;
  bool given = false;
  Npy file;
  [[nodiscard]] const double* row(std::size_t r, bool whole) const {
    return file.data.data() + (whole ? 0 : r * size);
  }
};

struct Sink {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<double> values;
};

class Runner {
 public:
  Runner(ModelPlan::Ptr plan, Context context, const RunOptions& options)
      : plan_(std::move(plan)),
        context_(std::move(context)),
        observer_(
            Observer::make(plan_->describe(), plan_->describe().contract)),
        options_(options) {}

  Result<RunReport> run();

 private:
  Result<void> read_files();
  Result<Feed*> feed_for(const NamedFile& file);
  Result<void> check_feed(Feed& feed, const std::string& path);
  Result<void> count_rows();
  void make_feeds();
  void make_sinks();
  Result<void> all_rows();
  Result<void> together();
  Result<void> row(std::size_t r);
  void finish_states();
  Result<RunReport> write(double seconds);

  ModelPlan::Ptr plan_;
  Context context_;
  Observer observer_;
  const RunOptions& options_;
  std::vector<Feed> feeds_;  // inputs or signals, then states
  std::size_t own_ = 0;      // feeds that are no states
  std::vector<Sink> sinks_;  // outputs, then states
  std::size_t rows_ = 0;
};

Result<Feed*> Runner::feed_for(const NamedFile& file) {
  for (Feed& f : feeds_) {
    if (!f.given && (file.name.empty() || f.name == file.name)) return &f;
  }
  std::string known;
  for (const Feed& f : feeds_) known += " '" + f.name + "'";
  return bad_input("--input {}={}: no such input left: the model has{}",
                   file.name, file.path, known);
}

std::vector<int64_t> without_batch(const std::vector<int64_t>& shape) {
  if (shape.size() < 2 || shape[0] != 1) return shape;
  return {shape.begin() + 1, shape.end()};
}

// One input as it stands, or rows of it (a leading 1 may be left out).
Result<void> Runner::check_feed(Feed& feed, const std::string& path) {
  const auto& have = feed.file.shape;
  std::vector<int64_t> rest = have;
  if (!options_.whole && !rest.empty()) rest.erase(rest.begin());
  const bool fits = (options_.whole || !have.empty()) &&
                    (rest == feed.shape || rest == without_batch(feed.shape) ||
                     (feed.size == 1 && rest.empty()));
  if (fits && feed.file.data.size() >= (options_.whole ? feed.size : 0)) {
    return {};
  }
  return bad_input("{}: shape [{}] does not fit input '{}' [{}]{}", path,
                   fmt::join(have, ","), feed.name, fmt::join(feed.shape, ","),
                   options_.whole
                       ? ": save one input"
                       : ": the first axis counts rows (or --whole)");
}

Result<void> Runner::read_files() {
  for (const NamedFile& file : options_.inputs) {
    auto feed = feed_for(file);
    if (!feed) return feed.error();
    auto array = read_npy(file.path);
    if (!array) return array.error();
    (*feed)->file = std::move(*array);
    (*feed)->given = true;
    if (auto ok = check_feed(**feed, file.path); !ok) return ok;
  }
  for (std::size_t i = 0; i < own_; ++i) {
    if (!feeds_[i].given) {
      return bad_input("input '{}' is not given: add --input {}=FILE.npy",
                       feeds_[i].name, feeds_[i].name);
    }
  }
  return count_rows();
}

Result<void> Runner::count_rows() {
  rows_ = 1;
  bool first = true;
  for (const Feed& f : feeds_) {
    if (!f.given || options_.whole) continue;
    const auto n = static_cast<std::size_t>(f.file.shape[0]);
    if (!first && n != rows_) {
      return bad_input("input '{}' has {} rows, another has {}", f.name, n,
                       rows_);
    }
    rows_ = n;
    first = false;
  }
  if (rows_ == 0) return bad_input("no row in the inputs: give at least one");
  return {};
}

Result<void> Runner::row(std::size_t r) {
  const Description& d = plan_->describe();
  std::vector<std::vector<float>> in, out;
  for (const Feed& f : feeds_) {
    auto& values = in.emplace_back(f.size);
    if (!f.given) continue;
    std::transform(f.row(r, options_.whole), f.row(r, options_.whole) + f.size,
                   values.begin(),
                   [](double v) { return static_cast<float>(v); });
  }
  std::vector<InputView> inputs;
  if (options_.signals) {
    observer_.observe(in[0]);
    inputs.assign(observer_.inputs().begin(), observer_.inputs().end());
  } else {
    for (std::size_t i = 0; i < own_; ++i) inputs.push_back({in[i].data()});
  }
  for (std::size_t i = own_; i < feeds_.size(); ++i) {
    if (feeds_[i].given) context_.set_state(i - own_, in[i]);
  }
  for (const auto& o : d.outputs) out.emplace_back(o.size);
  const std::vector<OutputView> outputs(out.begin(), out.end());
  const Status status = context_.run(inputs, outputs);
  if (status == Status::kOk) observer_.advance();  // as the loop does
  // What is not finite is written all the same: that is a finding.
  if (status != Status::kOk && status != Status::kNotFinite) {
    return internal_error("{}: row {}: the backend failed", d.label, r);
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    auto& values = sinks_[i].values;
    values.insert(values.end(), out[i].begin(), out[i].end());
  }
  return {};
}

void Runner::finish_states() {
  const Description& d = plan_->describe();
  for (std::size_t i = 0; i < d.states.size(); ++i) {
    std::vector<float> value(d.states[i].size);
    context_.get_state(i, value);
    sinks_.push_back(
        {d.states[i].output, d.states[i].shape, {value.begin(), value.end()}});
  }
}

std::string file_name(std::string name) {
  for (char& c : name) {
    if (c == '/' || c == ':' || c == '\\' ||
        static_cast<unsigned char>(c) < 32) {
      c = '_';
    }
  }
  return name.starts_with('.') ? "_" + name : name;
}

Result<RunReport> Runner::write(double seconds) {
  const auto& dir = options_.output_dir;
  if (::mkdir(dir.c_str(), 0777) != 0 && errno != EEXIST) {
    return file_error(dir, errno, "choose a folder that can be made");
  }
  RunReport report;
  report.backend = plan_->describe().backend;
  report.tier = plan_->describe().tier;
  report.rows = rows_;
  report.seconds = seconds;
  for (Sink& s : sinks_) {
    const std::string path = dir + "/" + file_name(s.name) + ".npy";
    auto ok = write_npy(path, {NpyType::kF32, s.shape, std::move(s.values)});
    if (!ok) return ok.error();
    report.written.push_back(path);
  }
  return report;
}

void Runner::make_feeds() {
  const Description& d = plan_->describe();
  if (options_.signals) {
    const auto size = observer_.size();
    feeds_.push_back(
        {"signals", {static_cast<int64_t>(size)}, size, false, {}});
  } else {
    for (const auto& t : d.inputs)
      feeds_.push_back({t.name, t.shape, t.size, false, {}});
  }
  own_ = feeds_.size();
  for (const auto& s : d.states)
    feeds_.push_back({s.input, s.shape, s.size, false, {}});
}

void Runner::make_sinks() {
  for (const auto& t : plan_->describe().outputs) {
    std::vector<int64_t> shape = t.shape;
    if (!options_.whole) {
      shape = without_batch(shape);
      shape.insert(shape.begin(), static_cast<int64_t>(rows_));
    }
    sinks_.push_back({t.name, std::move(shape), {}});
  }
}

// Rows that do not depend on each other, over all cores.
Result<void> Runner::together() {
  const Description& d = plan_->describe();
  std::vector<std::vector<float>> in, out;
  BatchRows rows{rows_, {}, {}};
  for (const Feed& f : feeds_) {
    auto& values = in.emplace_back(f.file.data.size());
    std::ranges::transform(f.file.data, values.begin(),
                           [](double v) { return static_cast<float>(v); });
    rows.inputs.emplace_back(values);
  }
  for (const auto& o : d.outputs)
    rows.outputs.emplace_back(out.emplace_back(rows_ * o.size));
  auto ok = run_batch(plan_, rows, {options_.threads, options_.progress});
  for (std::size_t i = 0; i < out.size(); ++i)
    sinks_[i].values.assign(out[i].begin(), out[i].end());
  return ok;
}

Result<void> Runner::all_rows() {
  const bool apart = plan_->describe().states.empty();
  if (apart && !options_.whole && !options_.signals) return together();
  for (std::size_t r = 0; r < rows_; ++r) {
    if (auto ok = row(r); !ok) return ok;
    if (options_.progress) options_.progress(r + 1);
  }
  return {};
}

Result<RunReport> Runner::run() {
  using Clock = std::chrono::steady_clock;
  make_feeds();
  if (auto ok = read_files(); !ok) return ok.error();
  make_sinks();
  const auto begin = Clock::now();
  if (auto ok = all_rows(); !ok) return ok.error();
  const std::chrono::duration<double> spent = Clock::now() - begin;
  finish_states();
  return write(spent.count());
}

}  // namespace

Result<RunReport> model_run(const std::string& model,
                            const RunOptions& options) {
  if (options.whole && options.signals) {
    return bad_input(
        "model run: --signals are rows, --whole is one input: give one of "
        "them");
  }
  auto plan = ModelPlan::load(model, options.plan);
  if (!plan) return plan.error();
  if (options.signals && !(*plan)->describe().contract.present) {
    return bad_input(
        "model run: --signals: {} has no contract (tactus.contract) that says "
        "how signals become inputs: give the inputs themselves, without "
        "--signals",
        model);
  }
  auto context = Context::make(*plan);
  if (!context) return context.error();
  return Runner(*plan, std::move(*context), options).run();
}

}  // namespace tactus::policy
