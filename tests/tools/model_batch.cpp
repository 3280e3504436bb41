// SPDX-License-Identifier: MIT
// For tests/oracle: what `rtctl model run --whole` does, for many models in
// one process. Each line on stdin is a folder with m.onnx and its inputs
// 0.npy, 1.npy … in the file's order; each backend's outputs go to a folder
// of its name in it, and one line to stdout: the name and ok, or the error.
//   model-batch BACKEND…
#include <sys/stat.h>

#include <cstdio>
#include <iostream>

#include "policy/model_run.hpp"

using namespace tactus;

namespace {

bool exists(const std::string& path) {
  struct stat s{};
  return ::stat(path.c_str(), &s) == 0;
}

std::string run(const std::string& folder, const char* backend) {
  policy::RunOptions options;
  options.plan.backend = backend;
  options.output_dir = folder + "/" + backend;
  options.whole = true;
  for (int i = 0; exists(folder + "/" + std::to_string(i) + ".npy"); ++i)
    options.inputs.push_back({"", folder + "/" + std::to_string(i) + ".npy"});
  const auto report = policy::model_run(folder + "/m.onnx", options);
  return report ? "ok" : report.error().text();
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder;
  while (std::getline(std::cin, folder)) {
    for (int i = 1; i < argc; ++i)
      std::printf("%s %s\n", argv[i], run(folder, argv[i]).c_str());
    std::fflush(stdout);
  }
  return 0;
}
