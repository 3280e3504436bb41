// SPDX-License-Identifier: MIT
// Grant names as they cross the C ABI and as the C++ layer writes them.
#include <criterion/criterion.h>

#include <cstring>

#include "tactus/grants.hpp"
#include "tactus/tactus.h"

namespace {

// A builder that requires `name`; its error's code, 0 for none.
int requires_one(const char* name, tactus_error& error) {
  tactus_loop_options options = TACTUS_INIT(tactus_loop_options);
  options.name = "arm";
  options.period_ns = 1'000'000;
  options.cpu = -1;
  options.require = &name;
  options.require_count = 1;
  tactus_builder* builder = tactus_builder_new(&options, &error);
  tactus_builder_free(builder);
  return builder != nullptr ? 0 : error.code;
}

}  // namespace

Test(require, takes_every_grant_by_the_name_of_its_enumerator) {
  for (const tactus::GrantRow& row : tactus::kGrants) {
    tactus_error error{};
    cr_expect_eq(requires_one(tactus::grant_name(row.grant), error), 0, "%s",
                 error.text);
    cr_expect_str_eq(tactus::grant_name(row.grant), row.name);
  }
  cr_expect_str_eq(tactus::grant_name(tactus::Grant::memlock), "memlock");
  cr_expect_str_eq(tactus::grant_name(tactus::Grant::qos), "qos");
}

Test(require, refuses_another_word_when_the_builder_is_made) {
  for (const char* word : {"mlock", "cpu_latency", ""}) {
    tactus_error error{};
    cr_expect_eq(requires_one(word, error), 2, "%s", word);
    cr_expect_not_null(std::strstr(error.text, "guardian_fifo"), "%s",
                       error.text);
  }
}

Test(require, refuses_null_by_its_place) {
  tactus_error error{};
  cr_expect_eq(requires_one(nullptr, error), 2);
  cr_expect_not_null(std::strstr(error.text, "name 0"), "%s", error.text);
}
