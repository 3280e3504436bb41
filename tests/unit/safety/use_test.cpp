// SPDX-License-Identifier: MIT
// limit.use: several files, of each key the tightest value.
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "limits_rig.hpp"
#include "safety/explain.hpp"

using limits_rig::kGood;
using limits_rig::with;

namespace {

using namespace tactus;
using namespace tactus::safety;
namespace fs = std::filesystem;

// A folder of its own with the arm's file and what it uses.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "tactus-use-XXXXXX");
    cr_assert(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
  }
  [[nodiscard]] std::string at(const std::string& name) const {
    return path_ / name;
  }

 private:
  fs::path path_;
};

using Compiled = Result<std::unique_ptr<Image>>;

Compiled compile(const std::string& text, const std::string& name,
                 limits::Options options = {}) {
  const auto document = toml::Document::parse(text, name);
  if (!document) return document.error();
  kin::ChainOptions robot;
  robot.tip = "flange";
  const auto chain = kin::parse_urdf(limits_rig::kUrdf, "a.urdf", robot);
  if (!chain) return chain.error();
  const auto timing = limits::read_timing(*document);
  if (!timing) return timing.error();
  options.timing = *timing;
  options.kind = OutputKind::kJointVelocity;
  return limits::compile(*document, *chain, options);
}

limits::Options reading(limits::UsedFiles& used) {
  limits::Options options;
  options.used = &used;
  return options;
}
limits::Options edited(const limits::Edits& edits) {
  limits::Options options;
  options.edits = &edits;
  return options;
}

std::string using_site(const std::string& text = kGood) {
  return with("[limit]\n", "[limit]\nuse = [\"site.toml\"]\n", text);
}
Compiled with_site(const Folder& f, const std::string& site,
                   const std::string& text = kGood) {
  f.put("site.toml", site);
  return compile(using_site(text), f.at("arm.toml"));
}

// What is wrong, without the folder.
std::string refusal(const Folder& f, const std::string& site,
                    const std::string& text = kGood) {
  const auto image = with_site(f, site, text);
  if (image) return "accepted";
  std::string error = image.error().text();
  const std::string folder = f.at("");
  for (auto i = error.find(folder); i != std::string::npos;
       i = error.find(folder))
    error.erase(i, folder.size());
  cr_expect(error.find('\n') == std::string::npos);
  return error;
}

const Row* find(const Image& image, const std::string& id) {
  for (uint32_t r = 0; r < image.rows; ++r)
    if (id == image.row[r].id) return &image.row[r];
  return nullptr;
}

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) cr_log_warn("%s\nhas no %s", text.c_str(), part.c_str());
  return found;
}

bool about(double a, double b) { return std::fabs(a - b) < 1e-12; }

}  // namespace

Test(use, the_tightest_value_of_each_key_binds) {
  const Folder f;
  const auto image = with_site(f, R"([limit]
action = {max="0.5 rad/s", rate="20 rad/s2"}
joint = {position="urdf - 3 deg"}
human = {kind="ssm", of="hand", d_min="80 mm", speed="1.0 m/s", intrusion="0 m", sensor="20 mm", robot="5 mm"}
cell = {keep="in", box=["-0.5 m .. 1.5 m", "-0.8 m .. 0.8 m", "-1 m .. 1.3 m"]}
post = {keep="out", box=["0.4 m .. 0.7 m", "0.4 m .. 0.7 m", "-1 m .. 2 m"], margin="2 cm"}
pair = {kind="linear", of="u", a=[1, -0.5], b="0.4 rad/s"}
)");
  cr_assert(bool(image), "%s", image.error().text());
  const Image& i = **image;
  cr_assert(about(i.action_hi[0], 0.5) && about(i.action_rate[0], 12));
  cr_assert(about(i.position_hi[0], 2 - 3 * M_PI / 180));
  cr_assert(about(i.human[0].d_min, 0.08) && about(i.human[0].speed, 1.6));
  cr_assert(about(i.human[0].sensor, 0.02));
  cr_assert(about(i.box[0].lo[0], -0.5) && about(i.box[0].hi[0], 0.9));
  cr_assert(about(i.box[1].lo[0], 0.4) && about(i.box[1].hi[2], 2));
  cr_assert(about(i.linear[0].b, 0.4));
  cr_assert(about(find(i, "post")->margin, 0.02));
}

Test(use, both_orders_give_the_same_limits) {
  const Folder f;
  const std::string a = "action = {max=\"0.5 rad/s\", rate=\"20 rad/s2\"}";
  const std::string b = "action = {max=\"1 rad/s\", rate=\"12 rad/s2\"}";
  const auto one = with_site(f, "[limit]\n" + a + "\n");
  const auto two = with_site(f, "[limit]\n" + b + "\n", with(b, a));
  cr_assert(bool(one) && bool(two));
  for (uint32_t j = 0; j < 2; ++j) {
    cr_assert((*one)->action_hi[j] == (*two)->action_hi[j]);
    cr_assert((*one)->action_rate[j] == (*two)->action_rate[j]);
  }
}

Test(use, rows_that_only_one_file_has_are_added) {
  const Folder f;
  const auto image = with_site(f, R"([limit]
floor = {keep="out", halfspace={normal=[0, 0, 1], offset="-0.5 m"}}
)");
  cr_assert(bool(image), "%s", image.error().text());
  cr_assert(find(**image, "floor") != nullptr);
  cr_assert(find(**image, "post") != nullptr);
}

Test(use, what_cannot_be_ordered_stays_two_rows) {
  const Folder f;
  const auto image = with_site(f, R"([limit]
post = {keep="out", box=["-0.6 m .. -0.5 m", "0.5 m .. 0.6 m", "0 m .. 1 m"]}
pair = {kind="linear", of="u", a=[1, 1], b="0.4 rad/s"}
cell = {kind="cbf", on="post", alpha="2 1/s"}
)");
  cr_assert(bool(image), "%s", image.error().text());
  const Image& i = **image;
  for (const char* id :
       {"post", "site.post", "pair", "site.pair", "cell", "site.cell"})
    cr_expect(find(i, id) != nullptr, "%s", id);
  // The barrier is on its own file's post.
  cr_assert(std::string(i.box[i.dynamics.barrier[0].index].name) ==
            "site.post");
}

// Within what it keeps out of, the barrier with the smaller alpha is the
// looser.
Test(use, barriers_of_other_rates_are_two_rows) {
  const Folder f;
  const auto with_alpha = [&](const std::string& alpha) {
    const auto row = [](const std::string& a) {
      return "slow = {kind=\"cbf\", on=\"human\", alpha=\"" + a + "\"}\n";
    };
    const auto image = with_site(f, "[limit]\n" + row(alpha),
                                 with("ladder", row("1 1/s") + "ladder"));
    cr_assert(bool(image), "%s", image.error().text());
    return (*image)->dynamics.barriers;
  };
  cr_assert_eq(with_alpha("100 1/s"), 2u);
  cr_assert_eq(with_alpha("0.5 1/s"), 2u);
  cr_assert_eq(with_alpha("1 1/s"), 1u);
}

// Which of two windows or functions is tighter cannot be told.
Test(use, past_time_rows_and_callbacks_of_one_name_all_bind) {
  const Folder f;
  const auto rows = [](const std::string& max, const std::string& past) {
    return "slow = {kind=\"expr\", expr=\"abs(dq[0])\", max=\"" + max +
           "\", past=\"" + past +
           "\"}\ndoor = {kind=\"callback\", unit=\"m\", min=\"50 mm\", "
           "budget=\"20 us\"}\n";
  };
  const auto image =
      with_site(f, "[limit]\n" + rows("0.5 rad/s", "historically 2 s"),
                with("ladder", rows("0.6 rad/s", "once 4 s") + "ladder"));
  cr_assert(bool(image), "%s", image.error().text());
  const Image& i = **image;
  cr_assert(i.memories == 2 && i.callbacks == 2);
  const auto memory = [&i](const std::string& id) {
    return i.memory[find(i, id)->index];
  };
  const Memory own = memory("slow"), site = memory("site.slow");
  cr_assert(own.form == MemoryForm::kOnce);
  cr_assert(site.form == MemoryForm::kHistorically);
  const Expression* all = i.expressions.expression;
  cr_assert(std::fabs(all[own.expression].max - 0.6) < 1e-9);
  cr_assert(std::fabs(all[site.expression].max - 0.5) < 1e-9);
  const Row& door = *find(i, "site.door");
  cr_assert(std::string(i.callback[door.index].name) == "site.door");
  cr_assert(std::string(i.callback[0].name) == "door");
}

Test(use, the_ladder_is_what_all_have) {
  const Folder f;
  const auto image =
      with_site(f, "[limit]\nladder = [\"pass\", \"project\", \"stop\"]\n");
  cr_assert(bool(image), "%s", image.error().text());
  cr_assert((*image)->ladder.rungs == (kRungPass | kRungStop));
}

Test(use, the_stricter_answer_binds) {
  const Folder f;
  const auto image = with_site(
      f, R"([limit]
post = {keep="out", box=["0.5 m .. 0.6 m", "0.5 m .. 0.6 m", "0 m .. 1 m"], response="latch", hysteresis="1 cm", severity="low"}
)",
      with("post = {", "post = {response=\"stop\", severity=\"high\", "));
  cr_assert(bool(image), "%s", image.error().text());
  const Row& row = *find(**image, "post");
  cr_assert(row.response == Response::kLatch);
  cr_assert(row.severity == RowSeverity::kHigh);
  cr_assert(about(row.hysteresis, 0.01));
}

Test(use, explain_says_whose_value_it_is) {
  const Folder f;
  const auto image = with_site(f, R"([limit]
action = {max="0.5 rad/s"}
human = {kind="ssm", of="hand", d_min="80 mm", speed="1.0 m/s", intrusion="0 m", sensor="15 mm", robot="5 mm"}
)");
  cr_assert(bool(image), "%s", image.error().text());
  const Explanation e = explain(**image);
  const auto files = [&e](const std::string& id) {
    std::string out;
    for (const auto& row : e.rows)
      if (row.id == id)
        for (const auto& file : row.files) out += file + " ";
    return out;
  };
  cr_assert(files("action.max") == "site.toml ");
  cr_assert(files("action.rate") == "this file ");
  cr_assert(files("human") == "this file site.toml ");
  cr_assert(has(to_text(e), ", from this file, site.toml"));
}

Test(use, paths_are_from_the_folder_of_the_file_that_names_them) {
  const Folder f;
  f.put("cells/three.toml",
        "[limit]\nuse = [\"../common.toml\"]\naction = {max=\"0.7 rad/s\"}\n");
  f.put("common.toml", "[limit]\naction = {max=\"0.6 rad/s\"}\n");
  const auto image =
      with_site(f, "[limit]\nuse = [\"cells/three.toml\", \"common.toml\"]\n");
  cr_assert(bool(image), "%s", image.error().text());
  cr_assert(about((*image)->action_hi[0], 0.6));
  cr_assert((*image)->files == 4);
  cr_assert(std::string((*image)->file[3]) == "common.toml");
}

Test(use, what_was_read_compiles_to_the_same_bits_without_the_files) {
  limits::UsedFiles used;
  std::string name;
  uint64_t hash = 0;
  {
    const Folder f;
    f.put("site.toml", "[limit]\naction = {max=\"0.6 rad/s\"}\n");
    name = f.at("arm.toml");
    const auto image = compile(using_site(), name, reading(used));
    cr_assert(bool(image), "%s", image.error().text());
    hash = (*image)->header.hash;
  }
  cr_assert(used.file.size() == 1 && used.file[0].path == "site.toml");
  used.recorded = true;
  const auto again = compile(using_site(), "run.tlog (limits)", reading(used));
  cr_assert(bool(again), "%s", again.error().text());
  cr_assert((*again)->header.hash == hash);
  used.file.clear();
  const auto none = compile(using_site(), name, reading(used));
  cr_assert(not bool(none));
  cr_assert(has(none.error().text(), "expected a file that the log has"));
}

Test(use, refuses_files_that_are_missing_or_more_than_limits) {
  const Folder f;
  const auto missing = compile(using_site(), f.at("arm.toml"));
  cr_assert(not bool(missing));
  cr_assert(has(missing.error().text(), "arm.toml:11:8: limit.use[0]: "));
  cr_assert(has(missing.error().text(), "No such file or directory"));
  cr_assert(refusal(f, "[limit]\n[robot]\nlag = \"1 ms\"\n") ==
            "site.toml:2:2: robot: unknown key: expected one of limit");
  cr_assert(refusal(f, "limit = \"none\"\n") ==
            "site.toml:1:9: limit: \"none\": expected a [limit] table: that "
            "is all that is used of a file");
  cr_assert(refusal(f, "[limit]\naction = {max=\"1 m\"}\n")
                .starts_with("site.toml:2:15: limit.action.max: \"1 m\": "));
  cr_assert(refusal(f, "[limit]\npost = {keep=\"out\", bx=[]}\n")
                .starts_with("site.toml:2:8: limit.post.box: missing: "));
}

Test(use, refuses_cycles) {
  const Folder f;
  f.put("b.toml", "[limit]\nuse = [\"site.toml\"]\n");
  cr_assert(refusal(f, "[limit]\nuse = [\"b.toml\"]\n") ==
            "b.toml:2:8: limit.use[0]: a cycle: arm.toml uses site.toml uses "
            "b.toml uses site.toml: expected files that do not use one "
            "another");
  cr_assert(has(refusal(f, "[limit]\nuse = [\"arm.toml\"]\n"),
                "a cycle: arm.toml uses site.toml uses arm.toml"));
}

Test(use, refuses_contradictions) {
  const Folder f;
  const std::string box =
      "[limit]\ncell = {keep=\"in\", box=[\"1 m .. 2 m\", \"-0.8 m .. 0.8 "
      "m\", \"-1 m .. 1.3 m\"]}\n";
  cr_assert(refusal(f, box) ==
            "site.toml:2:8: limit.cell: nothing is left of a keep-in box with "
            "arm.toml:14:8: limit.cell: expected limits that something "
            "satisfies: all of them bind");
  cr_assert(has(refusal(f,
                        "[limit]\njoint = {position=[\"1 rad .. 2 rad\", "
                        "\"urdf\"]}\n",
                        with("position=\"urdf - 2 deg\"",
                             "position=[\"-2 rad .. 0 rad\", \"urdf\"]")),
                "nothing is left of a range with "));
}

Test(use, refuses_names_without_room_for_both) {
  const Folder f;
  f.put("a-very-long-name-of-a-site.toml",
        "[limit]\npair = {kind=\"linear\", of=\"u\", a=[1, 1], b=\"1 "
        "rad/s\"}\n");
  const auto image =
      compile(with("[limit]\n",
                   "[limit]\nuse = [\"a-very-long-name-of-a-site.toml\"]\n"),
              f.at("arm.toml"));
  cr_assert(not bool(image));
  cr_assert(has(image.error().text(),
                "no room for \"a-very-long-name-of-a-site.pair\" beside it"));
}

Test(edits, disable_rows_and_families) {
  const limits::Edits edits{{"human", "keep"}, {}, ""};
  const auto image = compile(kGood, "arm.toml", edited(edits));
  cr_assert(bool(image), "%s", image.error().text());
  const Image& i = **image;
  for (const char* id : {"human", "human.now", "cell", "post"})
    cr_expect(find(i, id)->kind == RowKind::kOff, "%s", id);
  cr_assert(find(i, "pair")->kind == RowKind::kHard);
  cr_assert(has(to_text(explain(i)), "the program took it out"));
}

Test(edits, disable_past_time_rows_and_callbacks) {
  const std::string text =
      with("ladder",
           "slow = {kind=\"expr\", expr=\"abs(dq[0])\", max=\"1 rad/s\", "
           "past=\"once 4 s\"}\ndoor = {kind=\"callback\", unit=\"m\", "
           "min=\"50 mm\", budget=\"20 us\"}\nladder");
  const limits::Edits edits{{"expr", "callback"}, {}, ""};
  const auto image = compile(text, "arm.toml", edited(edits));
  cr_assert(bool(image), "%s", image.error().text());
  for (const char* id : {"slow", "door"})
    cr_expect(find(**image, id)->kind == RowKind::kOff, "%s", id);
}

Test(edits, remove_tables_and_add_limits) {
  const limits::Edits edits{
      {}, {"post"}, "[limit]\naction = {max=\"0.3 rad/s\"}\n"};
  const auto image = compile(kGood, "arm.toml", edited(edits));
  cr_assert(bool(image), "%s", image.error().text());
  cr_assert(find(**image, "post") == nullptr);
  cr_assert(about((*image)->action_hi[0], 0.3));
}

Test(edits, name_what_there_is) {
  const limits::Edits row{{"hooman"}, {}, ""}, table{{}, {"pots"}, ""};
  const auto a = compile(kGood, "arm.toml", edited(row));
  const auto b = compile(kGood, "arm.toml", edited(table));
  cr_assert(not bool(a) && not bool(b));
  cr_assert(has(a.error().text(),
                "arm.toml: the program disables \"hooman\": no such row: "
                "expected one of human, human.now, cell, "));
  cr_assert(has(a.error().text(), "or a family: action, joint, keep"));
  cr_assert(has(b.error().text(),
                "arm.toml: the program removes \"pots\": no table of [limit]: "
                "expected one of action, joint, cell, post, human, pair"));
}

Test(edits, that_leave_nothing_are_no_limit_at_all) {
  const limits::Edits all{
      {}, {"action", "joint", "cell", "post", "human", "pair"}, ""};
  const limits::Edits off{{"action", "joint", "keep", "ssm", "linear"}, {}, ""};
  for (const auto* edits : {&all, &off}) {
    const auto image = compile(kGood, "arm.toml", edited(*edits));
    cr_assert(not bool(image));
    cr_expect(has(image.error().text(),
                  "limit: no limit in it: expected at least one, or limit = "
                  "\"none\""));
  }
}
