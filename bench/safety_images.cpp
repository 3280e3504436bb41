// SPDX-License-Identifier: MIT
// Images of the safety bench: the demo's robot with as many rows of one kind
// as wanted.
#include <cmath>
#include <cstdlib>
#include <map>
#include <random>

#include "safety/expr/emit.hpp"
#include "safety/expr/parse.hpp"
#include "safety/seal.hpp"
#include "safety_rows.hpp"

namespace bench {

using namespace tactus;
using namespace tactus::safety;

namespace {

void add_row(Image& image, const char* id, RowKernel kernel, uint32_t index) {
  safety::Row& row = image.row[image.rows];
  row = safety::Row{};
  std::snprintf(row.id, sizeof row.id, "%s", id);
  row.kernel = kernel;
  row.kind = RowKind::kHard;
  row.priority = image.rows++;
  row.index = index;
  row.scale = 10;
}

// Values of the action, by number.
class ActionNames final : public expr::Names {
 public:
  std::optional<expr::Term> find(std::string_view name, expr::Tree& tree,
                                 std::string&) override {
    ExprInput in{};
    in.source = ExprSource::kAction;
    in.element = static_cast<uint32_t>(name.back() - '0') % 7;
    in.lo = -2;
    in.hi = 2;
    return expr::Term{{tree.input(in, kRatio)}, false};
  }
  [[nodiscard]] bool is_spheres(std::string_view) const override {
    return false;
  }
};

}  // namespace

// Without rows no motion would be judged: the action box stays.
ImageCopy bare(const Image& demo) {
  auto image = std::make_unique<Image>(demo);
  image->rows = image->humans = image->boxes = image->boxes_in = 0;
  image->linears = 0;
  for (uint32_t j = 0; j < kMaxJoints; ++j) {
    image->action_rate[j] = image->velocity[j] = INFINITY;
    image->position_hi[j] = INFINITY;
    image->position_lo[j] = -INFINITY;
  }
  image->ladder.rungs = kRungPass | kRungStop;
  add_row(*image, "action", RowKernel::kActionBox, 0);
  return image;
}

// Two metres off, so that everything passes: upright, all around.
void add_posts(Image& image, uint32_t count) {
  for (uint32_t k = 0; k < count; ++k) {
    const double turn = 2 * M_PI * k / count;
    const double x = 2 * std::cos(turn), y = 2 * std::sin(turn);
    auto& post = image.capsule[image.capsules];
    post = {"post", {x, y, 0}, {x, y, 1.5}, 0.1, {}};
    add_row(image, "post", RowKernel::kCapsuleOut, image.capsules++);
  }
}

// Spheres of links that are three joints apart or more, over and over.
void add_pairs(Image& image, uint32_t count) {
  const auto& chain = image.chain;
  std::map<std::pair<uint32_t, uint32_t>, std::vector<Pair>> groups;
  for (uint32_t n = 0, made = 0; made < count; ++n) {
    const uint32_t a = n % chain.spheres, b = n / chain.spheres % chain.spheres;
    const uint32_t from = chain.sphere[a].link, to = chain.sphere[b].link;
    if (to < from + 3) continue;
    groups[{from, to}].push_back(
        {static_cast<uint16_t>(a), static_cast<uint16_t>(b)});
    ++made;
  }
  for (const auto& [frames, pairs] : groups) {
    image.pair_group[image.pair_groups++] = {
        frames.first, frames.second, image.pairs,
        static_cast<uint32_t>(pairs.size())};
    for (const Pair& pair : pairs) image.pair[image.pairs++] = pair;
  }
  image.selves = 1;
  add_row(image, "self", RowKernel::kSelf, 0);
}

// Of positions, so that they are judged along the whole motion.
void add_linear(Image& image, uint32_t count) {
  std::mt19937 rng(5);
  std::normal_distribution<double> normal;
  for (uint32_t k = 0; k < count; ++k) {
    Linear& row = image.linear[image.linears];
    row = Linear{};
    std::snprintf(row.name, sizeof row.name, "l%u", k);
    for (uint32_t j = 0; j < image.joints; ++j) row.a[j] = 0.3 * normal(rng);
    row.b = 9;
    row.of = LinearOf::kPosition;
    add_row(image, row.name, RowKernel::kLinear, image.linears++);
  }
}

bool add_expressions(Image& image, uint32_t count) {
  ActionNames names;
  expr::Tree tree;
  std::vector<expr::Ruled> rows;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string text =
        fmt::format("sqrt(x{0} * x{0} + x{1} * x{1} + {2}) + abs(x{3}) * {2}",
                    i % 7, (i + 2) % 7, 0.25 + 0.125 * i, (i + 4) % 7);
    expr::Fault fault;
    const auto root = expr::parse(text, names, tree, fault);
    if (!root) return false;
    add_row(image, "expr", RowKernel::kExpression, i);
    rows.push_back({text, *root, true, false, 1e6, 0});
  }
  return expr::emit(tree, rows, image.expressions);
}

bool seal_or_say(Image& image) {
  const auto ok = seal(image);
  if (!ok) fmt::print(stderr, "bench safety: {}\n", ok.error().text());
  return static_cast<bool>(ok);
}

const Kernel& this_kernel() {
  static const auto isa = rt::choose_isa();
  return isa ? kernel_for(*isa) : kPortableKernel;
}

}  // namespace bench
