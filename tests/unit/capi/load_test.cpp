// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include "../config/tmodel_rig.hpp"
#include "capi/objects.hpp"
#include "rig.hpp"

using namespace tactus::test;

namespace {

struct Loading {
  tactus::policy::test::TempFolder folder;
  tactus_error error{};
  std::string model = folder.write("m.onnx", constant_policy().bytes());
  tactus_policy_options options = TACTUS_INIT(tactus_policy_options);

  bool loads() {
    tactus_policy* p = tactus_policy_load(model.c_str(), &options, &error);
    tactus_policy_free(p);
    return p != nullptr;
  }
};

}  // namespace

Test(capi_load, a_policy_loads_with_and_without_options) {
  Loading l;
  cr_assert(l.loads(), "%s", l.error.text);
  l.options.backend = "reference";
  l.options.output = "action";
  cr_assert(l.loads(), "%s", l.error.text);
  l.options.backend = nullptr;
  for (const char* kernels : {"timed", "rule"}) {
    l.options.kernels = kernels;
    cr_assert(l.loads(), "%s", l.error.text);
  }
  tactus_policy* p = tactus_policy_load(l.model.c_str(), nullptr, &l.error);
  cr_assert_not_null(p);
  tactus_policy_free(p);
  tactus_policy_free(nullptr);
  cr_assert_eq(l.error.code, 0);
}

Test(capi_load, a_tmodel_s_kernels_are_taken_where_none_are_asked_for) {
  Loading l;
  const auto t = tactus::config::test::tmodel();
  l.model = t.write(l.folder);
  const auto kernels = [&] {
    tactus_policy* p =
        tactus_policy_load(l.model.c_str(), &l.options, &l.error);
    cr_assert_not_null(p, "%s", l.error.text);
    std::string text = p->plan->describe().kernels;
    tactus_policy_free(p);
    return text;
  };
  cr_assert(kernels() == t.stored);
  l.options.kernels = "rule";
  cr_assert(kernels() == t.rule);
  l.options.kernels = t.stored.c_str();
  cr_assert(kernels() == t.stored);
}

Test(capi_load, a_policy_that_cannot_be_loaded_says_why) {
  Loading l;
  cr_assert_null(tactus_policy_load(nullptr, nullptr, &l.error));
  cr_assert(refuses(l.error, "path is null"), "%s", l.error.text);
  cr_assert_null(tactus_policy_load("/none.onnx", nullptr, &l.error));
  cr_assert(refuses(l.error, "/none.onnx"), "%s", l.error.text);
  l.options.sz = 8;
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "tactus_policy_options"), "%s", l.error.text);
  l.options.sz = sizeof l.options;
  l.options.output = "velocity";
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "velocity"), "%s", l.error.text);
  l.options.output = nullptr;
  l.options.backend = "abacus";
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "abacus"), "%s", l.error.text);
  l.options.backend = nullptr;
  l.options.kernels = "tmied";
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "tmied"), "%s", l.error.text);
  l.options.kernels = "fused/2:f32:portable;gemv9x9u9:7x20";
  cr_assert_not(l.loads());
  cr_assert_eq(l.error.code, 3, "%s", l.error.text);
  l.options.kernels = nullptr;
  l.model = l.folder.write("short.onnx", "\x08");
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "short.onnx"), "%s", l.error.text);
}

Test(capi_load, what_a_policy_reuses_and_when_it_begins_anew_is_asked_for) {
  Loading l;
  l.options.answers = 16;
  l.options.state = TACTUS_AT_ENGAGE_RESET;
  cr_assert(l.loads(), "%s", l.error.text);
  l.options.answers = 1 << 20;
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "answers = 1048576"), "%s", l.error.text);
  l.options.answers = 0;
  const int32_t seven = 7;
  std::memcpy(&l.options.state, &seven, sizeof seven);
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "state 7"), "%s", l.error.text);
  l.options.state = TACTUS_AT_ENGAGE_KEEP;
  const char* slow[] = {"nowhere", nullptr};
  l.options.slow = slow;
  l.options.slow_count = 1;
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "slow input 'nowhere'"), "%s", l.error.text);
  l.options.slow_count = 2;
  cr_assert_not(l.loads());
  cr_assert(refuses(l.error, "name 1 is null"), "%s", l.error.text);
}

Test(capi_load, a_shield_that_cannot_be_loaded_says_why) {
  Loading l;
  cr_assert_null(tactus_shield_load(nullptr, &l.error));
  cr_assert(refuses(l.error, "path is null"), "%s", l.error.text);
  cr_assert_null(tactus_shield_load("/none.toml", &l.error));
  cr_assert(refuses(l.error, "/none.toml"), "%s", l.error.text);
  const std::string path = l.folder.write("bad.toml", "robot = {");
  cr_assert_null(tactus_shield_load(path.c_str(), &l.error));
  cr_assert(refuses(l.error, "bad.toml:1:"), "%s", l.error.text);
  tactus_shield_free(nullptr);
}

Test(capi_load, limits_that_are_wrong_are_found_when_the_loop_is_built) {
  const auto wrong = [](const char* from, const char* to) {
    Rig r;
    const std::size_t at = r.limits.find(from);
    cr_assert_neq(at, std::string::npos);
    r.limits.replace(at, std::strlen(from), to);
    const std::string text = r.refusal();
    cr_assert(refuses(r.error, "limits.toml"), "%s", text.c_str());
    return text;
  };
  cr_assert_neq(wrong("max=\"1 rad/s\"", "max=\"1 m\"").find("action"),
                std::string::npos);
  cr_assert_neq(wrong("[limit]", "[limits]").find("limit"), std::string::npos);
  cr_assert_neq(wrong("shape=7, unit=\"rad\"", "shape=6, unit=\"rad\"")
                    .find("limits.toml:"),
                std::string::npos);
}

Test(capi_load, the_version_is_the_librarys) {
  cr_assert_str_eq(tactus_version(), TACTUS_VERSION);
}
