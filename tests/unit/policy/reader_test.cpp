// SPDX-License-Identifier: MIT
#include <criterion/criterion.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <string>

#include "onnx_writer.hpp"
#include "policy/image.hpp"
#include "policy/plan.hpp"

using namespace tactus;
using namespace tactus::policy;
using namespace tactus::policy::test;

namespace {

// y = tanh(W x + b), 2 → 3.
OnnxFile tiny() {
  OnnxFile f;
  f.input("obs", {-1, 2}).output("act", {-1, 3});
  f.weight(tensor("w", {3, 2}, {1, 2, 3, 4, 5, 6}));
  f.weight(tensor("b", {3}, {0.1F, 0.2F, 0.3F}));
  f.node("Gemm", {"obs", "w", "b"}, {"z"}, {int_attribute("transB", 1)});
  f.node("Tanh", {"z"}, {"act"});
  return f;
}

Result<ModelPlan::Ptr> load(const std::string& bytes, Options options = {}) {
  return ModelPlan::from_image(as_image(bytes), "tiny.onnx", options);
}

std::string error_of(const std::string& bytes, Options options = {}) {
  auto plan = load(bytes, options);
  return plan ? "loaded" : plan.error().text();
}

bool says(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

// One weight, stored with these TensorProto fields, times the input 1.
float weight_read_from(const Message& proto) {
  OnnxFile f;
  f.input("x", {1, 1}).output("y", {1, 1}).weight(proto);
  f.node("MatMul", {"x", "w"}, {"y"});
  auto plan = load(f.bytes());
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  float x = 1, y = 0;
  const InputView in{&x};
  const OutputView out(&y, 1);
  cr_assert(context->run({&in, 1}, {&out, 1}) == Status::kOk);
  return y;
}

Message weight_proto(uint64_t type) {
  return Message().number(1, 1).number(1, 1).number(2, type).text(8, "w");
}

}  // namespace

Test(reader, every_truncation_is_an_error) {
  const std::string bytes = tiny().bytes();
  cr_assert(bool(load(bytes)));
  for (std::size_t n = 0; n < bytes.size(); ++n) {
    cr_assert_not(bool(load(bytes.substr(0, n))), "%zu bytes loaded", n);
  }
}

Test(reader, a_damaged_byte_never_crashes) {
  const std::string bytes = tiny().bytes();
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (const int flip : {0x01, 0x08, 0x80, 0xff}) {
      std::string bad = bytes;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      static_cast<void>(load(bad));
    }
  }
}

Test(reader, a_symbolic_batch_is_one) {
  auto plan = load(tiny().bytes());
  const Description& d = (*plan)->describe();
  cr_assert_eq(d.inputs[0].size, 2);
  cr_assert_eq(d.outputs[0].size, 3);
}

Test(reader, opsets_outside_7_to_21_are_refused_with_the_remedy) {
  for (const uint64_t version : {uint64_t{6}, uint64_t{22}}) {
    const std::string text = error_of(tiny().opset(version).bytes());
    cr_assert(says(text, "export with opset 7 to 21"), "%s", text.c_str());
  }
  cr_assert(bool(load(tiny().opset(7).bytes())));
  cr_assert(bool(load(tiny().opset(21).bytes())));
}

Test(reader, an_unknown_operator_is_named_with_node_and_opset) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2}).node("Wibble", {"x"}, {"y"});
  const std::string text = error_of(f.bytes());
  cr_assert(says(text, "Wibble (node 'Wibble_node', opset 17)"), "%s",
            text.c_str());
}

Test(reader, operators_that_only_passes_make_are_refused) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.node("Affine", {"x", "x", "x", "x"}, {"y"});
  cr_assert(says(error_of(f.bytes()), "not supported"));
}

Test(reader, an_unknown_operator_behind_an_unselected_output_does_not_matter) {
  OnnxFile f = tiny();
  f.output("other", {1, 3}).node("Wibble", {"z"}, {"other"});
  cr_assert_not(bool(load(f.bytes())));
  Options options;
  options.outputs = {"act"};
  cr_assert(bool(load(f.bytes(), options)));
}

Test(reader, weights_of_every_type_and_field_read_the_same) {
  const float v = 1.5F;
  const double d = 1.5;
  const std::string f32(reinterpret_cast<const char*>(&v), 4);
  const std::string f64(reinterpret_cast<const char*>(&d), 8);
  cr_assert_eq(weight_read_from(weight_proto(1).text(9, f32)), v);
  cr_assert_eq(weight_read_from(weight_proto(1).text(4, f32)), v);
  cr_assert_eq(weight_read_from(weight_proto(1).real(4, v)), v);
  cr_assert_eq(weight_read_from(weight_proto(11).text(9, f64)), v);
  cr_assert_eq(weight_read_from(weight_proto(11).text(10, f64)), v);
  const std::string half("\x00\x3e", 2), brain("\xc0\x3f", 2);
  cr_assert_eq(weight_read_from(weight_proto(10).text(9, half)), v);
  cr_assert_eq(weight_read_from(weight_proto(10).number(5, 0x3e00)), v);
  cr_assert_eq(weight_read_from(weight_proto(16).text(9, brain)), v);
  cr_assert_eq(weight_read_from(weight_proto(16).number(5, 0x3fc0)), v);
  cr_assert_eq(weight_read_from(weight_proto(6).number(5, 3)), 3.0F);
  cr_assert_eq(weight_read_from(weight_proto(7).number(7, 3)), 3.0F);
}

Test(reader, a_tensor_of_another_size_than_its_shape_is_refused) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  f.weight(tensor("w", {2, 2}, {1, 2, 3}));
  f.node("MatMul", {"x", "w"}, {"y"});
  cr_assert(says(error_of(f.bytes()), "tensor 'w' has 12 bytes"));
}

Test(reader, an_unknown_selected_output_lists_those_there_are) {
  Options options;
  options.outputs = {"nope"};
  const std::string text = error_of(tiny().bytes(), options);
  cr_assert(says(text, "no output 'nope'") && says(text, "'act'"), "%s",
            text.c_str());
}

// ---------------------------------------------------------- external data

namespace {

Message entry(const std::string& key, const std::string& value) {
  return Message().text(1, key).text(2, value);
}

std::string external_model(const std::string& location,
                           const std::string& offset = "0",
                           const std::string& length = "24") {
  OnnxFile f;
  f.input("obs", {1, 2}).output("act", {1, 3});
  f.weight(Message()
               .number(1, 2)
               .number(1, 3)
               .number(2, 1)
               .text(8, "w")
               .message(13, entry("location", location))
               .message(13, entry("offset", offset))
               .message(13, entry("length", length))
               .number(14, 1));
  f.node("MatMul", {"obs", "w"}, {"act"});
  return f.bytes();
}

Error load_error(const std::string& path) {
  auto plan = ModelPlan::load(path, {});
  cr_assert_not(bool(plan), "loaded");
  return plan.error();
}

}  // namespace

Test(reader, external_data_beside_the_model_is_read_and_bundled) {
  const TempFolder folder;
  const float w[] = {1, 2, 3, 4, 5, 6};
  folder.write("w.bin", {reinterpret_cast<const char*>(w), sizeof w});
  auto plan =
      ModelPlan::load(folder.write("m.onnx", external_model("w.bin")), {});
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto again = ModelPlan::from_image((*plan)->image(), "log", {});
  cr_assert(bool(again), "%s", again ? "" : again.error().text());
  cr_assert_eq((*again)->describe().hash, (*plan)->describe().hash);
}

Test(reader, external_data_outside_the_folder_is_refused) {
  const TempFolder folder;
  folder.write("secret.bin", std::string(24, 'x'));
  const std::string absolute = folder.path() + "/secret.bin";
  cr_assert_eq(::mkdir((folder.path() + "/in").c_str(), 0777), 0);
  cr_assert_eq(
      ::symlink("../secret.bin", (folder.path() + "/in/link.bin").c_str()), 0);
  cr_assert_eq(
      ::symlink(absolute.c_str(), (folder.path() + "/in/far.bin").c_str()), 0);
  for (const std::string& location :
       {absolute, std::string("../secret.bin"), std::string("a/../../x"),
        std::string("link.bin"), std::string("far.bin"), std::string(),
        std::string("..")}) {
    const std::string path =
        folder.write("in/m.onnx", external_model(location));
    const Error error = load_error(path);
    cr_assert(error.code() == ErrorCode::kBadInput &&
                  says(error.text(), "external data") &&
                  says(error.text(), "is outside the model's folder"),
              "'%s': %s", location.c_str(), error.text());
  }
}

Test(reader, external_data_out_of_range_is_refused) {
  const TempFolder folder;
  folder.write("w.bin", std::string(24, 'x'));
  const char* const ranges[][2] = {{"1", "24"},
                                   {"25", "0"},
                                   {"18446744073709551615", "24"},
                                   {"8", "18446744073709551615"},
                                   {"-1", "24"},
                                   {"0", "23"}};
  for (const auto& r : ranges) {
    const std::string path =
        folder.write("m.onnx", external_model("w.bin", r[0], r[1]));
    cr_assert_not(bool(ModelPlan::load(path, {})), "%s %s", r[0], r[1]);
  }
}

Test(reader, a_damaged_bundle_is_refused_at_every_truncation) {
  const TempFolder folder;
  folder.write("w.bin", std::string(24, '\0'));
  auto plan =
      ModelPlan::load(folder.write("m.onnx", external_model("w.bin")), {});
  const auto image = (*plan)->image();
  for (std::size_t n = 0; n < image.size(); ++n) {
    cr_assert_not(bool(ModelPlan::from_image(image.first(n), "log", {})));
  }
}

// Published test vectors of the xxHash project.
Test(reader, the_hash_is_xxh64) {
  const std::string abc = "abc";
  const std::string line = "Nobody inspects the spammish repetition";
  cr_assert_eq(xxh64({}), 0xEF46DB3751D8E999U);
  cr_assert_eq(xxh64(as_image(abc)), 0x44BC2CF5AD770999U);
  cr_assert_eq(xxh64(as_image(line)), 0xFBCEA83C8A378BF1U);
}

// ---------------------------------------------------------------- functions

namespace {

Message call(const std::string& op, const std::vector<std::string>& in,
             const std::vector<std::string>& out, const Message& attribute = {},
             const std::string& domain = "") {
  Message n;
  for (const auto& name : in) n.text(1, name);
  for (const auto& name : out) n.text(2, name);
  return n.text(3, op).text(4, op).message(5, attribute).text(7, domain);
}
Message referring(const std::string& name, const std::string& to) {
  return Message().text(1, name).number(20, 1).text(21, to);
}
Message function(const std::string& name, uint64_t opset) {
  return Message().text(1, name).text(10, "own").message(
      9, Message().number(2, opset));
}
// leaky(x) = LeakyRelu(Neg(x)), its slope the call's.
Message leaky(uint64_t opset = 17) {
  return function("Leaky", opset)
      .text(4, "a")
      .text(5, "b")
      .message(7, call("Neg", {"a"}, {"inner"}))
      .message(7,
               call("LeakyRelu", {"inner"}, {"b"}, referring("alpha", "slope")))
      .message(11, real_attribute("slope", 0.5F));
}
// y = what `calls` make of x, of two.
std::string with_graph(const std::vector<Message>& calls,
                       const Message& functions) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  Message graph;
  for (const Message& c : calls) graph.message(1, c);
  return f.bytes() + Message().message(7, graph).bytes() + functions.bytes();
}
std::vector<float> made_of(const std::string& bytes, std::vector<float> x) {
  auto plan = load(bytes);
  cr_assert(bool(plan), "%s", plan ? "" : plan.error().text());
  auto context = Context::make(*plan);
  std::vector<float> y(2);
  const InputView in{x.data()};
  const OutputView out{y};
  cr_assert(context->run({&in, 1}, {&out, 1}) == Status::kOk);
  return y;
}

// Protobuf's messages go on where they are repeated.
std::string with_calls(const Message& functions = {}) {
  OnnxFile f;
  f.input("x", {1, 2}).output("y", {1, 2});
  const Message slope = real_attribute("slope", 0.25F);
  const Message graph =
      Message()
          .message(1, call("Leaky", {"x"}, {"inner"}, slope, "own"))
          .message(1, call("Leaky", {"inner"}, {"y"}, {}, "own"));
  return f.bytes() + Message().message(7, graph).bytes() + functions.bytes();
}
Message as_field(const Message& function) {
  return Message().message(25, function);
}

}  // namespace

Test(reader, functions_are_written_out_where_they_are_called) {
  const auto y = made_of(with_calls(as_field(leaky())), {4, -4});
  // -4 and 4, times 0.25 where below; 1 and -4, times the default.
  cr_expect_eq(y[0], 1);
  cr_expect_eq(y[1], -2);
}

Test(reader, functions_that_cannot_be_written_out_are_refused) {
  const auto refusal = [](const Message& f) {
    return error_of(with_calls(as_field(f)));
  };
  cr_expect(says(refusal(leaky(13)), "a function of opset 13, not 17"));
  const auto plain = [] {
    return function("Leaky", 17).text(4, "a").text(5, "b");
  };
  const Message self = plain().message(7, call("Leaky", {}, {}, {}, "own"));
  cr_expect(says(refusal(self), "own.Leaky (node 'Leaky"));
  cr_expect(says(refusal(self), "functions call each other"));
  Message twice = plain();
  for (int i = 0; i < 2; ++i)
    twice.message(7, call("Leaky", {}, {}, {}, "own"));
  cr_expect(says(refusal(twice), "functions call each other"));
  cr_expect(says(error_of(with_calls()), "own.Leaky"));
}

// An output that nobody asked for is still there for what reads it within.
Test(reader, functions_make_the_outputs_that_a_call_omits) {
  const Message both = function("Both", 17)
                           .text(4, "a")
                           .text(5, "low")
                           .text(5, "b")
                           .message(7, call("Relu", {"a"}, {"low"}))
                           .message(7, call("Neg", {"low"}, {"b"}));
  const auto y = made_of(
      with_graph({call("Both", {"x"}, {"", "y"}, {}, "own")}, as_field(both)),
      {3, -1});
  cr_expect_eq(y[0], -3);
  cr_expect_eq(y[1], 0);
}

Test(reader, names_within_a_function_are_no_others) {
  const Message twice = function("P", 17)
                            .text(4, "a")
                            .text(5, "b")
                            .message(7, call("Neg", {"a"}, {"y"}))
                            .message(7, call("Relu", {"y"}, {"b"}));
  const auto y = made_of(with_graph({call("Abs", {"x"}, {"P#0/y"}),
                                     call("P", {"P#0/y"}, {"t"}, {}, "own"),
                                     call("Sub", {"t", "P#0/y"}, {"y"})},
                                    as_field(twice)),
                         {3, -1});
  cr_expect_eq(y[0], -3);
  cr_expect_eq(y[1], -1);
}

Test(reader, functions_are_not_written_out_for_ever) {
  Message chain;
  for (int i = 0; i < 14; ++i) {
    const std::string next = "F" + std::to_string(i + 1);
    Message f = function("F" + std::to_string(i), 17).text(4, "a").text(5, "b");
    f.message(7, call(next, {"a"}, {"m"}, {}, "own"));
    f.message(7, call(next, {"m"}, {"b"}, {}, "own"));
    chain.message(25, f);
  }
  const auto said =
      error_of(with_graph({call("F0", {"x"}, {"y"}, {}, "own")}, chain));
  cr_expect(says(said, "functions make too much of it"), "%s", said.c_str());
}

Test(reader, a_call_has_no_more_than_its_function) {
  const Message twice = as_field(leaky()).message(25, leaky());
  const auto of = [](const std::vector<std::string>& in, const Message& f) {
    return error_of(with_graph({call("Leaky", in, {"y"}, {}, "own")}, f));
  };
  cr_expect(says(of({"x", "x"}, as_field(leaky())), "more inputs or outputs"));
  cr_expect(says(of({"x"}, twice), "it is there twice"));
  cr_expect(says(of({"x"}, as_field(leaky().text(4, "a"))), "names is there"));
}

// What an omitted input is called keeps no node alive.
Test(reader, an_omitted_input_needs_no_node) {
  OnnxFile f;
  f.input("x", {1, 2})
      .node("Det", {"x"}, {""})
      .weight(tensor("most", {}, {2}))
      .node("Clip", {"x", "", "most"}, {"y"})
      .output("y", {1, 2});
  const auto y = made_of(f.bytes(), {3, -1});
  cr_expect_eq(y[0], 2);
  cr_expect_eq(y[1], -1);
}

// No mask is made for what is not there.
Test(reader, a_triangle_of_nothing_takes_nothing) {
  OnnxFile f;
  f.input("x", {1, 2}).weight(tensor("z", {0, 2048, 2048}, {}));
  std::string last = "z";
  for (int i = 0; i < 500; ++i) {
    const std::string next = "t" + std::to_string(i);
    f.node("Trilu", {last}, {next});
    last = next;
  }
  f.node("ReduceSum", {last}, {"s"}, {int_attribute("keepdims", 0)});
  f.node("Add", {"x", "s"}, {"y"}).output("y", {1, 2});
  const auto y = made_of(f.bytes(), {3, -1});
  cr_expect_eq(y[0], 3);
  cr_expect_eq(y[1], -1);
}

Test(reader, a_range_is_finite_and_exact) {
  const auto said = [](const Message& from, const Message& to,
                       const Message& step) {
    OnnxFile f;
    f.input("x", {1, 2}).weight(from).weight(to).weight(step);
    f.node("Range", {"a", "b", "c"}, {"r"}).node("Add", {"x", "r"}, {"y"});
    return error_of(f.output("y", {1, 2}).bytes());
  };
  const auto number = [](const char* name, float x) {
    return tensor(name, {}, {x});
  };
  cr_expect(says(said(number("a", 0), number("b", -INFINITY), number("c", 1)),
                 "not finite"));
  cr_expect(says(said(number("a", 5), number("b", 0), number("c", 0)),
                 "does not end"));
  const int64_t large = int64_t{1} << 62;
  cr_expect(
      says(said(int_tensor("a", {}, {large}), int_tensor("b", {}, {large + 5}),
                int_tensor("c", {}, {1})),
           "beyond 2^53"));
}
