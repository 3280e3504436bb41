// SPDX-License-Identifier: MIT
// Mutation run over machine code, so that no mutant needs a build:
//   mutants [-n COUNT] [-e] [-s SEED] [-j JOBS] [-x NAME] [-l LINES]
//           PROGRAM NAMESPACE ARG...
// In a copy of PROGRAM one instruction of a function whose name has NAMESPACE
// ("::avx512::") in it is changed at a time: a sum into a difference, a
// minimum into a maximum, a comparison, jump, set or conditional move into
// its opposite, and back. The copy runs with ARG...; a mutant that still
// exits 0 survived and is printed with its source line, and the lines that
// this is inlined into. `|` between the arguments parts several runs, tried in
// turn until one notices; the run behind `?`, if there is one, is asked of
// survivors only: 0, they give the answers that the unchanged code gives (work
// skipped, a store that nobody reads, a bound that never binds); else their
// answers differ, within what the tests allow: those are the ones to look at.
// -n: as many, drawn from all; 0: all. -e: of all that one source line gives
// for one change, inlined here and there, the first. -x: not in functions that
// have NAME in theirs, or that only those run. -l: only where this regular
// expression is found in the lines. Exit 2: cannot run; 1: the unchanged
// program fails; 3: interrupted, by SIGINT or SIGTERM: what was tried until
// then is printed. Needs objdump and addr2line.
#include <elf.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "changes.hpp"

namespace {

using mutation::die;
using mutation::Instruction;
using mutation::lines_of;
using mutation::Mutant;

struct Options {
  std::size_t count = 0;
  uint64_t seed = 1;
  std::size_t jobs = 1;
  bool each = false;
  std::string program, space, except, lines;
  std::vector<std::vector<std::string>> runs;
  std::vector<std::string> tells;  // empty: nothing is told of survivors
};

enum Fate : uint32_t { kSurvived, kNoticed, kAlike, kUntried };

std::vector<Mutant> mutants_of(const Options& o) {
  std::vector<Mutant> out;
  mutation::Functions all = mutation::functions_of(o.program);
  for (const auto* function :
       mutation::run_of(o.program, all, o.space, o.except)) {
    for (const Instruction& one : function->code)
      mutation::changes_of(one, out);
  }
  return out;
}

// "near.hpp:95" of "/usr/src/tactus/lib/src/safety/near.hpp:95 (discriminator
// 2)".
std::string place_of(const std::string& line) {
  const std::string place = line.substr(line.rfind('/') + 1);
  return place.substr(0, place.find(' '));
}

// Asked for at once: one by one would read the program's debug information as
// many times.
void find_lines(const Options& o, std::vector<Mutant>& list) {
  const std::string asked = o.program + ".addresses";
  std::ofstream file(asked);
  for (const Mutant& one : list) file << std::hex << one.address << '\n';
  file.close();
  if (!file.good()) die(asked + ": cannot be written");
  std::size_t next = 0;
  for (const std::string& line :
       lines_of("addr2line -a -i -e '" + o.program + "' '@" + asked + "'")) {
    if (line.starts_with("0x"))
      ++next;
    else
      list.at(next - 1).line +=
          (list.at(next - 1).line.empty() ? "" : " < ") + place_of(line);
  }
  unlink(asked.c_str());
}

void keep_lines(const std::string& which, std::vector<Mutant>& list) {
  try {
    const std::regex wanted(which);
    std::erase_if(list, [&](const Mutant& one) {
      return !std::regex_search(one.line, wanted);
    });
  } catch (const std::regex_error& e) {
    die("-l " + which + ": " + e.what());
  }
}

// One of each change of a source line, whatever copies of it were inlined and
// wherever: in the order of addresses, so that it is always the same one.
void keep_one_of_each(std::vector<Mutant>& list) {
  std::set<std::string> seen;
  std::erase_if(list, [&](const Mutant& one) {
    const std::string line = one.line.substr(0, one.line.find(" < "));
    return !seen.insert(line + one.what).second;
  });
}

void draw(const Options& o, std::vector<Mutant>& list) {
  if (o.count == 0 || o.count >= list.size()) return;
  std::mt19937_64 rng(o.seed);
  std::shuffle(list.begin(), list.end(), rng);
  list.resize(o.count);
}

std::vector<char> contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Where in the file an address lies.
std::size_t offset_of(const std::vector<char>& elf, uint64_t address) {
  Elf64_Ehdr header;
  std::memcpy(&header, elf.data(), sizeof header);
  for (std::size_t i = 0; i < header.e_phnum; ++i) {
    Elf64_Phdr part;
    std::memcpy(&part, elf.data() + header.e_phoff + i * sizeof part,
                sizeof part);
    if (part.p_type == PT_LOAD && address >= part.p_vaddr &&
        address < part.p_vaddr + part.p_filesz)
      return address - part.p_vaddr + part.p_offset;
  }
  die("an instruction lies in no segment");
}

// A program that a changed jump sends round for ever is stopped.
pid_t start(const std::string& program, const std::vector<std::string>& args) {
  const pid_t child = fork();
  if (child != 0) return child;
  const int null = open("/dev/null", O_RDWR);
  for (int fd : {0, 1, 2}) dup2(null, fd);
  const rlimit cpu{8, 8};
  setrlimit(RLIMIT_CPU, &cpu);
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const auto& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  setpgid(0, 0);
  execv(program.c_str(), argv.data());
  _exit(127);
}

bool passes(const std::string& program, const std::vector<std::string>& args) {
  const pid_t child = start(program, args);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  kill(-child, SIGKILL);  // what a runner of tests left behind
  return false;
}

Fate fate_of(const std::string& program, const Options& o) {
  for (const auto& args : o.runs)
    if (!passes(program, args)) return kNoticed;
  return !o.tells.empty() && passes(program, o.tells) ? kAlike : kSurvived;
}

bool write_program(const std::string& path, const std::vector<char>& elf) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(elf.data(), static_cast<std::streamsize>(elf.size()));
  file.close();
  return file.good() && chmod(path.c_str(), 0755) == 0;
}

// One worker's share: each mutant's number and fate into the pipe.
void work(const Options& o, const std::vector<char>& elf,
          const std::vector<Mutant>& list, std::size_t job, int to) {
  const std::string path = o.program + ".mutant" + std::to_string(job);
  for (std::size_t i = job; i < list.size(); i += o.jobs) {
    std::vector<char> changed = elf;
    const std::size_t at = offset_of(elf, list[i].address) + list[i].at;
    changed[at] = static_cast<char>(list[i].to);
    if (!write_program(path, changed)) die(path + ": cannot be written");
    const uint32_t answer[2] = {static_cast<uint32_t>(i), fate_of(path, o)};
    if (write(to, answer, sizeof answer) != sizeof answer) _exit(2);
  }
  unlink(path.c_str());
  _exit(0);
}

volatile std::sig_atomic_t interrupted = 0;

// In this process alone: workers end, and reading from them with EINTR.
void end_when_told() {
  struct sigaction action{};
  action.sa_handler = [](int) { interrupted = 1; };
  for (const int signal : {SIGINT, SIGTERM})
    sigaction(signal, &action, nullptr);
}

std::vector<Fate> run(const Options& o, const std::vector<Mutant>& list) {
  const std::vector<char> elf = contents(o.program);
  int ends[2];
  if (pipe(ends) != 0) die("pipe: no descriptors");
  std::vector<pid_t> workers;
  for (std::size_t job = 0; job < o.jobs; ++job) {
    workers.push_back(fork());
    if (workers.back() == 0) {
      close(ends[0]);
      work(o, elf, list, job, ends[1]);
    }
  }
  close(ends[1]);
  end_when_told();
  std::vector<Fate> fates(list.size(), kUntried);
  std::size_t done = 0;
  uint32_t answer[2];
  while (read(ends[0], answer, sizeof answer) == sizeof answer) {
    fates.at(answer[0]) = static_cast<Fate>(answer[1]);
    if (++done % 100 == 0)
      std::fprintf(stderr, "%zu of %zu changes tried\n", done, list.size());
  }
  for (const pid_t worker : workers)
    if (interrupted != 0) kill(worker, SIGKILL);
  if (done != list.size() && interrupted == 0) die("a worker ended early");
  return fates;
}

void print_survivors(const Options& o, const std::vector<Mutant>& list,
                     const std::vector<Fate>& fates) {
  std::map<std::string, std::size_t> lines;
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (fates[i] == kNoticed || fates[i] == kUntried) continue;
    const char* class_of = o.tells.empty()      ? ""
                           : fates[i] == kAlike ? "same answers   "
                                                : "other answers  ";
    ++lines[class_of + list[i].line + "  " + list[i].what];
  }
  for (const auto& [what, count] : lines)
    std::printf("survived %3zu  %s\n", count, what.c_str());
}

Options read_options(int argc, char** argv) {
  Options o;
  int option = 0;
  while ((option = getopt(argc, argv, "+n:s:j:x:l:e")) != -1) {
    if (option == 'n') o.count = std::strtoull(optarg, nullptr, 10);
    if (option == 's') o.seed = std::strtoull(optarg, nullptr, 10);
    if (option == 'e') o.each = true;
    if (option == 'x') o.except = optarg;
    if (option == 'l') o.lines = optarg;
    if (option == 'j') o.jobs = std::strtoull(optarg, nullptr, 10);
    if (option == '?') die("see the head of tests/mutation/mutants.cpp");
  }
  if (argc - optind < 3 || o.jobs == 0)
    die("usage: mutants [-n COUNT] [-s SEED] [-j JOBS] PROGRAM NAMESPACE ARG");
  o.program = argv[optind];
  o.space = argv[optind + 1];
  o.runs.emplace_back();
  std::vector<std::string>* to = &o.runs.back();
  for (int i = optind + 2; i < argc; ++i) {
    if (std::strcmp(argv[i], "|") == 0)
      to = &o.runs.emplace_back();
    else if (std::strcmp(argv[i], "?") == 0)
      to = &o.tells;
    else
      to->emplace_back(argv[i]);
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const Options o = read_options(argc, argv);
  std::vector<Mutant> list = mutants_of(o);
  find_lines(o, list);
  keep_lines(o.lines, list);
  if (o.each) keep_one_of_each(list);
  if (list.empty()) die("no instruction of " + o.space + " to change");
  draw(o, list);
  const Fate unchanged = fate_of(o.program, o);
  if (unchanged == kNoticed || (unchanged != kAlike && !o.tells.empty())) {
    std::fprintf(stderr, "mutants: the unchanged program fails\n");
    return 1;
  }
  const std::vector<Fate> fates = run(o, list);
  print_survivors(o, list, fates);
  const auto count = [&](Fate fate) {
    return std::count(fates.begin(), fates.end(), fate);
  };
  const auto untried = count(kUntried);
  std::printf("mutants of %s: %td, noticed %td, survived %td", o.space.c_str(),
              static_cast<std::ptrdiff_t>(list.size()) - untried,
              count(kNoticed), count(kSurvived) + count(kAlike));
  if (!o.tells.empty())
    std::printf(", %td of them with the same answers", count(kAlike));
  if (untried > 0) std::printf("; interrupted, %td not tried", untried);
  std::printf("\n");
  return untried > 0 ? 3 : 0;
}
