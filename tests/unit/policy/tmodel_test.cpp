// SPDX-License-Identifier: MIT
// The .tmodel container: what is stored comes back and is used, and no lie in
// it gets through.
#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "core/crc32c.hpp"
#include "plan_rig.hpp"
#include "policy/backend.hpp"
#include "policy/image.hpp"
#include "policy/tmodel.hpp"
#include "policy/verify.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

using Bytes = std::vector<std::byte>;

constexpr const char* kContract =
    R"({"observations": [{"name": "q", "shape": [2], "unit": "rad"}],
        "action": {"name": "u", "kind": "k", "unit": "rad/s"}})";

// y = W1 tanh(W0 x), with a golden vector that is met within 0.01.
std::string net() {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w0", {2, 3}, {1, 2, 3, 4, 5, 6}));
  f.weight(tensor("w1", {3, 2}, {1, -1, 0.5F, 2, -2, 1}));
  f.node("MatMul", {"x", "w0"}, {"a"}).node("Tanh", {"a"}, {"b"});
  f.node("MatMul", {"b", "w1"}, {"y"});
  f.metadata("tactus.contract", kContract);
  f.metadata("tactus.golden",
             R"({"by": "x", "tolerance": 0.001, "observation": [[0, 0]],
                 "action": [[0.005, 0]]})");
  return f.bytes();
}

Options unchecked() {
  Options options;
  options.check_golden = false;
  return options;
}

Stored stored(const std::string& onnx) {
  auto plan = plan_of(as_image(onnx), unchecked());
  const auto packed = plan->compiled().packed();
  Stored s;
  s.calibration = {"rows.npy", 7, {{"x", 1.5, -1, {}}, {"b", 1.0 / 3, 0, {}}}};
  s.contract = kContract;
  s.golden_tolerance = 0.01;
  s.accuracy = R"({"note": 1})";
  s.kernels = {{*rt::choose_isa(),
                plan->describe().kernels,
                {packed.begin(), packed.end()}}};
  return s;
}

Bytes file() { return write_tmodel(as_image(net()), stored(net())); }

std::vector<float> run(const ModelPlan::Ptr& plan) {
  auto context = Context::make(plan);
  const std::vector<float> x = {0.3F, -0.1F};
  std::vector<float> y(2);
  const InputView in{x.data()};
  const OutputView out(y);
  cr_assert(context->run({&in, 1}, {&out, 1}) == Status::kOk);
  return y;
}

std::string refusal(std::span<const std::byte> bytes) {
  auto plan = ModelPlan::from_image(bytes, "net.tmodel", {});
  cr_assert_not(bool(plan));
  cr_assert(plan.error().code() == ErrorCode::kBadInput);
  const std::string text = plan.error().text();
  cr_assert(text.find('\n') == std::string::npos);
  cr_assert(text.find("net.tmodel") == 0, "%s", text.c_str());
  return text;
}

layout::TmodelSection section(const Bytes& file, std::size_t i) {
  layout::TmodelSection s;
  std::memcpy(&s, file.data() + sizeof(layout::TmodelHeader) + i * sizeof s,
              sizeof s);
  return s;
}

// Changes the file and makes every check sum right again.
Bytes forged(const std::function<void(layout::TmodelHeader&,
                                      layout::TmodelSection*, Bytes&)>& lie) {
  Bytes bytes = file();
  layout::TmodelHeader h;
  std::memcpy(&h, bytes.data(), sizeof h);
  std::vector<layout::TmodelSection> table;
  for (std::size_t i = 0; i < h.sections; ++i) {
    table.push_back(section(bytes, i));
  }
  const std::size_t size = table.size() * sizeof table[0];
  lie(h, table.data(), bytes);
  for (auto& s : table) {
    if (s.offset <= bytes.size() && s.size <= bytes.size() - s.offset) {
      s.crc = crc32c(std::span(bytes).subspan(s.offset, s.size));
    }
  }
  std::memcpy(bytes.data() + sizeof h, table.data(), size);
  h.sections_crc = crc32c(std::span(bytes).subspan(sizeof h, size));
  h.content_hash = xxh64(std::span(bytes).subspan(sizeof h));
  h.crc = crc32c(std::as_bytes(std::span(&h, 1)).first(sizeof h - 4));
  std::memcpy(bytes.data(), &h, sizeof h);
  return bytes;
}

void lies(const std::function<void(layout::TmodelHeader&,
                                   layout::TmodelSection*, Bytes&)>& lie,
          const char* word) {
  const std::string text = refusal(forged(lie));
  cr_assert(text.find(word) != std::string::npos, "%s: %s", word, text.c_str());
}

}  // namespace

Test(tmodel, what_is_stored_comes_back) {
  const Bytes bytes = file();
  auto read = parse_tmodel(bytes, "m");
  cr_assert(bool(read), "%s", read ? "" : read.error().text());
  const Stored was = stored(net());
  const Stored& s = read->stored;
  cr_assert(s.tier == Tier::kF32 && s.contract == was.contract);
  cr_assert(s.golden_tolerance == 0.01 && s.accuracy == was.accuracy);
  cr_assert(s.calibration.source == "rows.npy" && s.calibration.rows == 7);
  cr_assert(s.calibration.ranges.size() == 2);
  cr_assert(s.calibration.ranges[1].amax == 1.0 / 3);  // not one bit less
  cr_assert(s.kernels.size() == 1);
  cr_assert(s.kernels[0].weights == was.kernels[0].weights);
  const std::string onnx = net();
  cr_assert(std::ranges::equal(read->image, as_image(onnx)));
}

Test(tmodel, runs_like_its_onnx_file_from_the_packed_weights) {
  const Bytes bytes = file();
  const auto plan = plan_of(bytes);
  const Description& d = plan->describe();
  cr_assert(run(plan) == run(plan_of(as_image(net()), unchecked())));
  cr_assert(d.storage.used_packed, "%s", d.storage.packed_anew.c_str());
  cr_assert(d.storage.sections.size() == 8);
  cr_assert(d.storage.calibration == "rows.npy");
  cr_assert(d.hash == xxh64(bytes));
  cr_assert_not(d.self_checked);
  cr_assert(d.golden.tolerance == 0.01);
  // What a log embeds is the file, and reads like it.
  cr_assert(std::ranges::equal(plan->image(), bytes));
}

// What is packed is held against the model: nothing in a file is trusted.
Test(tmodel, other_packed_weights_than_the_model_s_are_refused) {
  const std::string onnx = net();
  Stored s = stored(onnx);
  for (auto& b : s.kernels[0].weights) b = std::byte{0};
  const Bytes bytes = write_tmodel(as_image(onnx), s);
  const auto plan = ModelPlan::from_image(bytes, "m.tmodel", unchecked());
  cr_assert_not(bool(plan));
  cr_assert(plan.error().text() != nullptr &&
            std::string(plan.error().text()).find("packed weights are not") !=
                std::string::npos);
}

namespace {

std::string written(const TempFolder& folder, const Bytes& bytes) {
  return folder.write(
      "m.tmodel", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

VerifyReport verified(const Bytes& bytes) {
  const TempFolder folder;
  auto report = verify(written(folder, bytes), {});
  cr_assert(bool(report), "%s", report ? "" : report.error().text());
  return *report;
}

// y = W x, its golden vector exact; rounded as if |x| stayed below `amax`.
Bytes int8_file(double amax, double tolerance) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w", {2, 2}, {1, 2, 3, 4})).node("MatMul", {"x", "w"}, {"y"});
  f.metadata("tactus.golden",
             R"({"by": "t", "tolerance": 1e-6, "observation": [[1, 1]],
                 "action": [[4, 6]]})");
  Stored s;
  s.tier = Tier::kInt8;
  s.calibration = {"rows.npy", 1, {{"x", amax, -amax, {}}}};
  s.golden_tolerance = tolerance;
  const std::string onnx = f.bytes();
  return write_tmodel(as_image(onnx), s);
}

}  // namespace

Test(tmodel, verify_finds_packed_weights_that_are_not_the_image_s) {
  cr_assert(verified(file()).stored->error.empty());
  Stored s = stored(net());
  for (auto& b : s.kernels[0].weights) b ^= std::byte{1};
  const std::string onnx = net();
  const VerifyReport report = verified(write_tmodel(as_image(onnx), s));
  cr_assert(report.stored->error.find("m.tmodel: the packed weights are not "
                                      "those of the model in it") !=
            std::string::npos);
  cr_assert_not(report.ok);
}

Test(tmodel, verify_judges_the_tier_that_is_stored) {
  use_built_modules();
  const VerifyReport good = verified(int8_file(2, 0.05));
  cr_assert(good.ok);
  cr_assert(good.stored && good.stored->tier == Tier::kInt8);
  cr_assert(good.stored->error.empty(), "%s", good.stored->error.c_str());
  cr_assert(good.stored->kernels.starts_with("fused/2:int8:"));
  cr_assert(good.stored->golden.checked == 1);
  cr_assert(good.stored->golden.tolerance == 0.05);
  cr_assert(good.stored->golden.worst <= 0.05);
  cr_assert(good.stored->outputs.size() == 1);
  // What the model itself is judged by stays its own.
  cr_assert(good.model.golden.tolerance == 1e-6);

  const VerifyReport bad = verified(int8_file(0.1, 0.05));
  cr_assert_not(bad.ok);
  cr_assert(bad.golden_ok && bad.golden_error.empty());  // in f32 it is right
  cr_assert(bad.stored->error.find("golden vector 0") != std::string::npos,
            "%s", bad.stored->error.c_str());
}

// Every backend agrees in f32, so that nobody looked at the tier.
Test(tmodel, verify_wants_to_know_how_far_a_tier_may_be) {
  const VerifyReport report = verified(int8_file(0.1, 0));
  cr_assert_not(report.ok);
  cr_assert(report.stored->error.find("tier int8") != std::string::npos, "%s",
            report.stored->error.c_str());
}

Test(tmodel, verify_has_no_tier_of_an_onnx_file) {
  const TempFolder folder;
  auto report = verify(folder.write("m.onnx", net()), {});
  cr_assert(bool(report));
  cr_assert_not(report->stored.has_value());
}

Test(tmodel, is_packed_anew_where_it_was_made_for_others) {
  const std::string onnx = net();
  Stored s = stored(onnx);
  const auto want = run(plan_of(as_image(onnx), unchecked()));
  s.kernels[0].kernels = "fused/0:f32:portable;gemvnone:1x1";
  const Bytes renamed = write_tmodel(as_image(onnx), s);
  auto plan = plan_of(renamed);
  cr_assert(run(plan) == want);
  cr_assert_not(plan->describe().storage.used_packed);
  cr_assert_not(plan->describe().storage.packed_anew.empty());

  s.kernels.clear();
  const Bytes none = write_tmodel(as_image(onnx), s);
  cr_assert(run(plan_of(none)) == want);

  s = stored(onnx);
  s.kernels[0].weights.resize(64);
  plan = plan_of(write_tmodel(as_image(onnx), s));
  cr_assert(run(plan) == want);
  cr_assert_not(plan->describe().storage.used_packed);
}

Test(tmodel, another_way_of_packing_is_only_old) {
  const Bytes bytes = forged(
      [](auto&, auto* table, Bytes& b) { b[table[7].offset] = std::byte{99}; });
  const auto plan = plan_of(bytes);
  cr_assert_not(plan->describe().storage.used_packed);
}

Test(tmodel, every_flipped_byte_is_refused) {
  Bytes bytes = file();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::byte was = bytes[i];
    bytes[i] ^= std::byte{0x10};
    cr_assert_not(bool(ModelPlan::from_image(bytes, "m", {})), "byte %zu", i);
    bytes[i] = was;
  }
}

Test(tmodel, every_cut_is_refused) {
  const Bytes bytes = file();
  for (std::size_t n = 0; n < bytes.size(); n += 13) {
    cr_assert_not(
        bool(ModelPlan::from_image(std::span(bytes).first(n), "m", {})));
  }
  Bytes more = bytes;
  more.push_back({});
  cr_assert(refusal(more).find("made with") != std::string::npos);
}

// Sections: image, contract, golden, tier, calibration, accuracy, kernels,
// packed. Each lie has all its check sums right.
Test(tmodel, each_lie_is_refused_with_one_line) {
  lies([](auto& h, auto*, auto&) { h.version = 2; }, "version 2");
  lies([](auto& h, auto*, auto&) { h.header_size = 64; }, "version");
  lies([](auto& h, auto*, auto&) { h.file_size = 5; }, "made with 5");
  lies([](auto& h, auto*, auto&) { h.sections = 33; }, "33 sections");
  lies([](auto& h, auto*, auto&) { h.sections = 7; }, "section table CRC");
  lies([](auto&, auto* t, auto&) { t[1].offset += 64; }, "do not follow");
  lies([](auto&, auto* t, auto&) { t[1].offset = UINT64_MAX - 63; },
       "do not follow");
  lies([](auto&, auto* t, auto&) { t[7].size = UINT64_MAX; }, "do not follow");
  lies([](auto&, auto* t, auto&) { t[7].kind = 99, t[7].size -= 64; },
       "behind the last");
  lies([](auto&, auto* t, auto&) { t[1].kind = 4; }, "no tier");
  lies([](auto&, auto* t, auto&) { t[3].kind = 99; }, "no section tier");
  lies([](auto&, auto* t, auto&) { t[0].kind = 99; }, "no section image");
  lies([](auto&, auto* t, auto&) { t[6].isa = 9; }, "unknown instruction set");
  lies([](auto&, auto* t, auto&) { t[0].isa = 0; }, "unknown instruction set");
  lies([](auto&, auto* t, auto&) { t[7].kind = 6; }, "comes twice");
  lies([](auto&, auto* t, auto&) { t[6].kind = 99; }, "no kernels named");
  lies([](auto&, auto* t, auto& b) { b[t[1].offset] = std::byte{'x'}; },
       "contract is not JSON");
  lies([](auto&, auto* t, auto& b) { b[t[1].offset + 2] = std::byte{'x'}; },
       "contract section is not the contract");
  lies([](auto&, auto* t, auto& b) { b[t[2].offset + 14] = std::byte{'-'}; },
       "tolerance");
  lies([](auto&, auto* t, auto& b) { b[t[4].offset + 2] = std::byte{'x'}; },
       "no calibration");
  lies([](auto&, auto* t, auto& b) { b[t[6].offset] = std::byte{'\n'}; },
       "kernels");
  lies([](auto&, auto* t, auto& b) { b[t[7].offset + 8] ^= std::byte{1}; },
       "another model");
  lies([](auto&, auto* t, auto& b) { b[t[7].offset + 16] ^= std::byte{1}; },
       "another model");
  lies([](auto&, auto* t, auto& b) { b[t[7].offset + 24] ^= std::byte{1}; },
       "said");
  lies([](auto&, auto* t, auto& b) { b[t[1].offset - 1] = std::byte{1}; },
       "no zeros");
}

Test(tmodel, a_tmodel_inside_a_tmodel_is_refused) {
  const Bytes inner = file();
  const Bytes bytes = write_tmodel(inner, {});
  cr_assert(refusal(bytes).find("inside") != std::string::npos);
}

Test(tmodel, a_tolerance_without_golden_vectors_is_refused) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2}).node("Tanh", {"x"}, {"y"});
  Stored s;
  s.golden_tolerance = 1;
  cr_assert(refusal(write_tmodel(as_image(f.bytes()), s)).find("tolerance") !=
            std::string::npos);
}

// The exact model stays to be had, and to be judged by.
Test(tmodel, golden_vectors_keep_their_tolerance_for_another_tier) {
  const std::string onnx = net();
  Stored s = stored(onnx);
  s.tier = Tier::kInt8;
  const Bytes bytes = write_tmodel(as_image(onnx), s);
  Options options;
  options.tier = Tier::kF32;
  auto plan = ModelPlan::from_image(bytes, "m", options);
  cr_assert_not(bool(plan));
  cr_assert(std::string(plan.error().text()).find("golden") !=
            std::string::npos);
  options.backend = "reference";
  plan = ModelPlan::from_image(bytes, "m", options);
  cr_assert_not(bool(plan));
  cr_assert(std::string(plan.error().text()).find("golden") !=
            std::string::npos);
}

// Other backends do not round: they run the exact model where that is asked
// for, and never in its place.
Test(tmodel, a_tier_is_never_exchanged_for_f32_in_silence) {
  use_built_modules();
  const std::string onnx = net();
  Stored s = stored(onnx);
  s.tier = Tier::kInt8;
  s.kernels.clear();
  const Bytes bytes = write_tmodel(as_image(onnx), s);
  for (const char* backend : {"reference", "onednn"}) {
    Options options = unchecked();
    options.backend = backend;
    auto plan = ModelPlan::from_image(bytes, "m.tmodel", options);
    cr_assert_not(bool(plan));
    cr_assert(plan.error().code() == ErrorCode::kBadInput);
    const std::string text = plan.error().text();
    cr_assert(text.find("m.tmodel: backend " + std::string(backend) +
                        " has no tier int8") == 0,
              "%s", text.c_str());
    options.tier = Tier::kF32;
    plan = ModelPlan::from_image(bytes, "m.tmodel", options);
    cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
    cr_assert(plan->get()->describe().tier == Tier::kF32);
  }
}

Test(tmodel, calibration_survives_json) {
  const Calibration c{"a \"b\"\n", 3, {{"x", 0.1 + 0.2, -1e-300, {0.1, 0.2}}}};
  auto back = read_calibration(calibration_json(c));
  cr_assert(bool(back), "%s", back ? "" : back.error().text());
  cr_assert(back->source == c.source && back->rows == 3);
  cr_assert(back->ranges[0].amax == 0.1 + 0.2);
  cr_assert(back->ranges[0].low == -1e-300);
  cr_assert(back->ranges[0].each == std::vector<double>({0.1, 0.2}));
  for (const char* wrong :
       {"", "[]", "{}", R"({"source": "a", "rows": -1, "ranges": []})",
        R"({"source": "a", "rows": 1, "ranges": [1]})",
        R"({"source": "a", "rows": 1, "ranges": [{"value": "x"}]})",
        R"({"source": "a", "rows": 1,
            "ranges": [{"value": "x", "amax": -1, "low": 0, "each": []}]})"}) {
    cr_assert_not(bool(read_calibration(wrong)), "%s", wrong);
  }
}
