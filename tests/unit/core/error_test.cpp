// SPDX-License-Identifier: MIT
#include "core/error.hpp"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cerrno>

using namespace tactus;

Test(error, a_named_file_that_is_not_there_is_bad_input) {
  const Error error = file_error("arm.toml", ENOENT, "give a file");
  cr_assert(eq(int, error.exit_code(), 2));
  cr_assert(eq(str, std::string(error.text()),
               "arm.toml: ENOENT (No such file or directory): give a file"));
}

Test(error, a_file_that_may_not_be_read_is_a_matter_of_permission) {
  cr_assert(eq(int, file_error("arm.toml", EACCES, "").exit_code(), 4));
  cr_assert(eq(int, system_error("port", EPERM, "").exit_code(), 4));
}

Test(error, what_this_machine_lacks_is_unavailable) {
  cr_assert(eq(int, file_error("run.tlog", ENOSPC, "").exit_code(), 3));
  cr_assert(eq(int, system_error("port", EADDRINUSE, "").exit_code(), 3));
}
