// SPDX-License-Identifier: MIT
#include "config/callbacks.hpp"

#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <span>

#include "core/error.hpp"
#include "safety/cost.hpp"

namespace tactus::config {
namespace {

const CallbackFunction* function_of(
    const std::vector<CallbackFunction>& registered, const char* name) {
  const auto at = std::ranges::find(registered, name, &CallbackFunction::name);
  return at == registered.end() ? nullptr : &*at;
}

std::string path_of(const safety::Callback& callback, const std::string& file) {
  const std::filesystem::path module = callback.module;
  if (module.is_absolute()) return module;
  const auto beside = std::filesystem::path(file).parent_path() / module;
  // A bare name would be looked for where libraries are.
  return std::filesystem::absolute(beside);
}

Result<void> check_names(const safety::Image& image,
                         const std::vector<CallbackFunction>& registered) {
  const std::span rows(image.callback, image.callbacks);
  for (const CallbackFunction& f : registered) {
    const bool known = std::ranges::any_of(
        rows, [&](const safety::Callback& c) { return f.name == c.name; });
    if (!known)
      return bad_input(
          "callback {}: [limit] has no row of that name with kind = "
          "\"callback\"",
          f.name);
  }
  return {};
}

}  // namespace

Callbacks::Callbacks(const safety::Image& image) : image_(image) {
  for (uint32_t i = 0; i < image.signals; ++i) {
    names_[i] = image.signal[i].name;
    counts_[i] = image.signal[i].count;
  }
}

Result<std::unique_ptr<Callbacks>> Callbacks::bind(const Ask& ask) {
  if (auto ok = check_names(ask.image, ask.registered); !ok) return ok.error();
  std::unique_ptr<Callbacks> made(new Callbacks(ask.image));
  for (uint32_t i = 0; i < ask.image.callbacks; ++i) {
    if (!safety::is_called(ask.image, i)) continue;
    made->called_.push_back(i);
    if (auto ok = made->find(ask.image.callback[i], ask); !ok)
      return ok.error();
  }
  if (made->called_.empty()) return std::unique_ptr<Callbacks>{};
  if (ask.time == CallTime::kMeasured) {
    made->clock_ = std::make_unique<rt::TscClock>();
    made->clock_->calibrate();
  }
  return made;
}

Result<void> Callbacks::find(const safety::Callback& callback, const Ask& ask) {
  if (const auto* known = function_of(ask.registered, callback.name)) {
    functions_.push_back(*known);
    return {};
  }
  if (callback.module[0] == '\0')
    return bad_input(
        "{}: limit.{}: nothing registers this callback: give it module and "
        "symbol, or call tactus_shield_callback",
        ask.file, callback.name);
  auto loaded = load(callback, ask.file);
  if (!loaded) return loaded.error();
  functions_.push_back(std::move(*loaded));
  return {};
}

Result<CallbackFunction> Callbacks::load(const safety::Callback& callback,
                                         const std::string& file) {
  const std::string path = path_of(callback, file);
  const auto failed = [&] {
    const char* why = ::dlerror();
    return bad_input("{}: limit.{}: module {}: {}", file, callback.name, path,
                     why ? why : "unknown");
  };
  void* const opened = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!opened) return failed();
  modules_.emplace_back(opened, [](void* handle) { (void)::dlclose(handle); });
  void* const symbol = ::dlsym(opened, callback.symbol);
  if (!symbol) return failed();
  return CallbackFunction{callback.name,
                          reinterpret_cast<tactus_margin_fn>(symbol), nullptr};
}

tactus_margin_view Callbacks::show(const safety::ShieldInput& in) {
  tactus_margin_view view{};
  view.sz = sizeof view;
  view.cycle = in.cycle;
  view.now_ns = in.now_ns;
  view.joints = image_.joints;
  view.signals = image_.signals;
  view.samples = foreseen_.samples;
  view.q = in.value[image_.q_signal];
  view.dq = in.value[image_.dq_signal];
  view.action = foreseen_.action;
  view.signal_name = names_;
  view.signal_count = counts_;
  view.signal = in.value;
  view.signal_stamp_ns = in.stamp_ns;
  view.until_s = foreseen_.until_s;
  view.motion = foreseen_.q;
  view.wide = foreseen_.wide;
  return view;
}

void Callbacks::call(const safety::Kernel& kernel,
                     const safety::ShieldState& state,
                     safety::ShieldInput& in) noexcept {
  std::fill_n(in.callback, safety::kMaxCallbacks, 0.0F);
  std::fill_n(in.callback_fate, safety::kMaxCallbacks, safety::kCallbackNone);
  scratch_ = state;
  in.foreseen = nullptr;
  if (!kernel.foresee(image_, scratch_, in, foreseen_)) return;
  in.foreseen = &foreseen_;
  const tactus_margin_view view = show(in);
  for (std::size_t k = 0; k < called_.size(); ++k) {
    const uint32_t i = called_[k];
    const CallbackFunction& function = functions_[k];
    const int64_t begin = clock_ ? clock_->now() : 0;
    const tactus_status status =
        function.fn(function.self, &view, &in.callback[i]);
    const int64_t took = clock_ ? clock_->now() - begin : 0;
    in.callback_fate[i] = status != TACTUS_OK ? safety::kCallbackFailed
                          : took <= image_.callback[i].budget_ns
                              ? safety::kCallbackGave
                              : safety::kCallbackLate;
  }
}

}  // namespace tactus::config
