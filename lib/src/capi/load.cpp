// SPDX-License-Identifier: MIT
#include "capi/guard.hpp"
#include "capi/objects.hpp"

using namespace tactus;

namespace {

Result<void> take_options(const tactus_policy_options& from,
                          policy::Options& to, tactus_policy& object) {
  auto ok = capi::check_size(&from, "tactus_policy_options");
  if (!ok) return ok;
  auto names = capi::names_of(from.slow, from.slow_count, "policy: slow");
  if (!names) return names.error();
  object.slow = std::move(*names);
  for (const std::string& name : object.slow) to.slow.push_back({name});
  to.answers = from.answers;
  const int32_t state = capi::number_of(from.state);
  if (state != TACTUS_AT_ENGAGE_KEEP && state != TACTUS_AT_ENGAGE_RESET) {
    return bad_input(
        "policy: state {}: expected TACTUS_AT_ENGAGE_KEEP or _RESET", state);
  }
  object.state = static_cast<config::AtEngage>(state);
  return {};
}

Result<void> take_edits(const tactus_shield_options& from,
                        safety::limits::Edits& to) {
  auto ok = capi::check_size(&from, "tactus_shield_options");
  if (!ok) return ok;
  auto disable =
      capi::names_of(from.disable, from.disable_count, "shield: disable");
  if (!disable) return disable.error();
  auto remove =
      capi::names_of(from.remove, from.remove_count, "shield: remove");
  if (!remove) return remove.error();
  to.disable = std::move(*disable);
  to.remove = std::move(*remove);
  if (!from.add) return {};
  to.add = from.add;
  auto document = toml::Document::parse(to.add, "program");
  if (!document) return document.error();
  return {};
}

}  // namespace

tactus_policy* tactus_policy_load(const char* path,
                                  const tactus_policy_options* options,
                                  tactus_error* error) {
  return capi::make<tactus_policy>(error, [&]() -> Result<tactus_policy*> {
    if (!path) return bad_input("tactus_policy_load: path is null");
    const char* backend = nullptr;
    const char* kernels = nullptr;
    const char* output = nullptr;
    auto object = std::make_unique<tactus_policy>();
    policy::Options extras;
    if (options) {
      auto ok = take_options(*options, extras, *object);
      if (!ok) return ok.error();
      backend = options->backend;
      kernels = options->kernels;
      output = options->output;
    }
    // A program's loop runs in real time.
    const bool given = kernels != nullptr;
    if (!given) kernels = "timed";
    if (!config::names_kernels(kernels)) {
      return bad_input(
          "{}: kernels \"{}\": expected \"timed\", \"rule\" or the kernels "
          "that "
          "a log names",
          path, kernels);
    }
    policy::Options wanted =
        config::policy_options(backend ? backend : "fused", kernels);
    wanted.stored_kernels = !given;
    if (output) wanted.outputs = {output};
    wanted.slow = std::move(extras.slow);
    wanted.answers = extras.answers;
    auto plan = wanted.outputs.empty() ? config::load_model(path, wanted)
                                       : policy::ModelPlan::load(path, wanted);
    if (!plan) return plan.error();
    object->plan = std::move(*plan);
    return object.release();
  });
}

void tactus_policy_free(tactus_policy* policy) { delete policy; }

tactus_shield* tactus_shield_load(const char* path, tactus_error* error) {
  return tactus_shield_load_with(path, nullptr, error);
}

tactus_shield* tactus_shield_load_with(const char* path,
                                       const tactus_shield_options* options,
                                       tactus_error* error) {
  return capi::make<tactus_shield>(error, [&]() -> Result<tactus_shield*> {
    if (!path) return bad_input("tactus_shield_load: path is null");
    auto object = std::make_unique<tactus_shield>();
    if (options) {
      auto ok = take_edits(*options, object->edits);
      if (!ok) return ok.error();
    }
    auto document = toml::Document::load(path);
    if (!document) return document.error();
    object->path = path;
    object->text = document->source();
    return object.release();
  });
}

int32_t tactus_shield_callback(tactus_shield* shield, const char* name,
                               tactus_margin_fn fn, void* self,
                               tactus_error* error) {
  return capi::call_on(shield, __func__, error, [&]() -> Result<void> {
    if (!name || !fn)
      return bad_input("callback {}: {} is null", name ? name : "?",
                       name ? "fn" : "name");
    for (const config::CallbackFunction& known : shield->callbacks) {
      if (known.name == name)
        return bad_input("callback {}: given twice: a row has one", name);
    }
    shield->callbacks.push_back({name, fn, self});
    return {};
  });
}

void tactus_shield_free(tactus_shield* shield) { delete shield; }

const char* tactus_version(void) { return TACTUS_VERSION; }
