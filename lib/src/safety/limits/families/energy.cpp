// SPDX-License-Identifier: MIT
// kind = "energy", max = "5 J": the kinetic energy of all that moves, from
// the urdf's inertials; masses = {upper = "3 kg"} for links without one.
#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "safety/limits/family.hpp"

namespace tactus::safety::limits {
namespace {

// Far above what the sums round, as derive() has it.
constexpr double kUp = 1 + 1e-9;

double length(const double* p) {
  return std::sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);
}

// A bound of the largest principal moment (Gershgorin's circles); exact where
// the axes are principal ones.
double largest_moment(const double* i) {
  const double xy = std::abs(i[1]), xz = std::abs(i[2]), yz = std::abs(i[4]);
  return std::max({i[0] + xy + xz, i[3] + xy + yz, i[5] + xz + yz}) * kUp;
}

// Mass that lies somewhere in the link's covers is no faster than their
// farthest point: a turn of its own is in that.
double cover_arm(const kin::Inertial& link, const kin::Chain& chain) {
  double arm = 0;
  for (uint32_t i = 0; i < chain.spheres; ++i) {
    const kin::Sphere& s = chain.sphere[i];
    const std::string_view body = chain.body_name[s.body];
    if (s.link != link.link || body != link.name) continue;
    arm = std::max(arm, (length(s.center) + s.radius) * kUp);
  }
  return arm;
}

class MassReader {
 public:
  MassReader(const toml::Table& table, const kin::Chain& chain)
      : table_(table), chain_(chain) {}

  std::vector<Mass> read() {
    if (chain_.inertials > kin::kMaxInertials)
      table_["max"].fail(fmt::format("a robot of at most {} moving links",
                                     kin::kMaxInertials));
    check_names();
    std::vector<Mass> out;
    for (uint32_t i = 0; i < links(); ++i) {
      const kin::Inertial& link = chain_.inertial[i];
      if (link.known != 0) {
        out.push_back({link.link, 0, link.mass, length(link.center) * kUp,
                       largest_moment(link.inertia)});
      } else {
        out.push_back(declared(link));
      }
    }
    return out;
  }

 private:
  [[nodiscard]] uint32_t links() const {
    return std::min(chain_.inertials, kin::kMaxInertials);
  }

  // Only links that need one: the urdf's figures are not overridden.
  void check_names() {
    if (!table_.has("masses")) return;
    const auto masses = table_.table("masses");
    for (const std::string& name : masses.keys()) {
      const bool needed =
          std::any_of(chain_.inertial, chain_.inertial + links(),
                      [&](const kin::Inertial& link) {
                        return link.known == 0 && name == link.name;
                      });
      if (!needed)
        masses[name].fail("link " + quoted(name),
                          "a moving link without <inertial>");
    }
  }

  Mass declared(const kin::Inertial& link) {
    const std::string name = link.name;
    if (link.link == 0) {
      table_["max"].fail("link " + quoted(name),
                         "no joint outside the chain that moves a mass: make "
                         "it fixed or name another tip");
      return {};
    }
    if (!table_.has("masses") || !table_.table("masses").has(name)) {
      table_["masses"].fail(
          "link " + quoted(name) + " has no usable <inertial>",
          fmt::format("one in the urdf, or masses = {{{} = \"2 kg\"}}", name));
      return {};
    }
    const auto masses = table_.table("masses");
    const double mass = masses.quantity(name, kMass);
    if (!(mass > 0)) masses[name].fail("a mass above zero");
    const double arm = cover_arm(link, chain_);
    if (!(arm > 0))
      masses[name].fail("a link with collision geometry: the mass lies in it");
    return {link.link, 0, mass, arm, 0};
  }

  const toml::Table& table_;
  const kin::Chain& chain_;
};

}  // namespace

void read_energy(const std::string& name, const toml::Table& table,
                 const Input& in) {
  EnergyIr energy;
  const Quantity most = table["max"].quantity();
  energy.most = most.value;
  // A joule is a newton metre by its dimension.
  if (most.dimension != kTorque || !(most.value > 0))
    return table["max"].fail("an energy above zero such as \"5 J\"");
  energy.masses = MassReader(table, in.scope.chain).read();
  if (energy.masses.empty())
    return table["max"].fail(
        "a robot with <inertial> on a moving link: nothing would enforce "
        "this");
  if (in.out.energy)
    return table["max"].fail("one row of energy: the smallest binds");
  in.out.energy = {common(table, name, kTorque, energy.most), energy};
}

Result<void> lower_energy(const LimitsIr& from, Image& to) {
  if (!from.energy) return {};
  add_row(to, from.energy->row, RowKernel::kEnergy, 0);
  to.dynamics.energy = from.energy->limit.most;
  for (const Mass& mass : from.energy->limit.masses)
    to.dynamics.mass[to.dynamics.masses++] = mass;
  return {};
}

}  // namespace tactus::safety::limits
