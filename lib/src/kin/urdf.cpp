// SPDX-License-Identifier: MIT
// The way from text to chain: bounds on the text, urdfdom, the path from tip
// to base, what hangs on it, the spheres. The only file that includes
// urdfdom and console_bridge.
#include "kin/urdf.hpp"

#include <console_bridge/console.h>
#include <urdf_parser/urdf_parser.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "kin/cover.hpp"
#include "kin/srdf.hpp"
#include "kin/xml_guard.hpp"

namespace tactus::kin {
namespace {

// console_bridge knows one handler per process: parses take turns.
class LogRoute : public console_bridge::OutputHandler {
 public:
  LogRoute() : turn_(mutex()) { console_bridge::useOutputHandler(this); }
  ~LogRoute() override { console_bridge::restorePreviousOutputHandler(); }
  void log(const std::string& text, console_bridge::LogLevel level, const char*,
           int) override {
    const std::string line = one_line(text);
    const bool error = level >= console_bridge::CONSOLE_BRIDGE_LOG_ERROR;
    if (error && first_.empty()) first_ = line;
    log_line(error ? LogLevel::kError : LogLevel::kWarning, line);
  }
  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  static std::mutex& mutex() {
    static std::mutex instance;
    return instance;
  }
  std::lock_guard<std::mutex> turn_;
  std::string first_;
};

// urdfdom links parents and children by shared pointers: a loop would keep
// itself alive for ever.
class Model {
 public:
  explicit Model(urdf::ModelInterfaceSharedPtr model)
      : model_(std::move(model)) {}
  Model(const Model&) = delete;
  Model& operator=(const Model&) = delete;
  ~Model() {
    if (!model_) return;
    for (auto& [name, link] : model_->links_) {
      link->child_links.clear();
      link->child_joints.clear();
    }
  }
  const urdf::ModelInterface* operator->() const { return model_.get(); }
  explicit operator bool() const { return model_ != nullptr; }

 private:
  urdf::ModelInterfaceSharedPtr model_;
};

Transform transform_of(const urdf::Pose& pose) {
  double x, y, z, w;
  pose.rotation.getQuaternion(x, y, z, w);
  Transform t;
  const double r[9] = {1 - 2 * (y * y + z * z), 2 * (x * y - z * w),
                       2 * (x * z + y * w),     2 * (x * y + z * w),
                       1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
                       2 * (x * z - y * w),     2 * (y * z + x * w),
                       1 - 2 * (x * x + y * y)};
  std::copy(r, r + 9, t.r);
  t.p[0] = pose.position.x;
  t.p[1] = pose.position.y;
  t.p[2] = pose.position.z;
  return t;
}

Transform compose(const Transform& a, const Transform& b) {
  Transform out;
  for (int i = 0; i < 3; ++i) {
    out.p[i] = a.p[i];
    for (int k = 0; k < 3; ++k) out.p[i] += a.r[3 * i + k] * b.p[k];
    for (int j = 0; j < 3; ++j) {
      out.r[3 * i + j] = 0;
      for (int k = 0; k < 3; ++k)
        out.r[3 * i + j] += a.r[3 * i + k] * b.r[3 * k + j];
    }
  }
  return out;
}

bool finite(const Transform& t) {
  return std::all_of(t.r, t.r + 9, [](double v) { return std::isfinite(v); }) &&
         std::all_of(t.p, t.p + 3, [](double v) { return std::abs(v) < 1e3; });
}

bool is_movable(const urdf::Joint& joint) {
  return joint.type != urdf::Joint::FIXED;
}

struct Attachment {
  uint32_t frame = 0;
  Transform at;  // frame to the link's own frame
};

class Builder {
 public:
  Builder(const Model& model, const std::string& file,
          const ChainOptions& options)
      : model_(model), file_(file), options_(options) {}

  Result<Chain> build() {
    using Step = Result<void> (Builder::*)();
    for (Step step : {&Builder::check_tree, &Builder::find_path,
                      &Builder::add_joints, &Builder::add_bodies})
      if (auto done = (this->*step)(); !done) return done.error();
    return chain_;
  }

 private:
  template <class... Args>
  Error fail(const char* what, const std::string& name,
             fmt::format_string<Args...> format, Args&&... args) {
    return bad_input("{}: {} {}: {}", file_, what, quoted(name),
                     fmt::format(format, std::forward<Args>(args)...));
  }

  Result<void> copy_name(const char* what, const std::string& from, char* to) {
    if (from.empty() || from.size() >= kMaxName || one_line(from) != from)
      return fail(what, from, "a name of {} bytes: give 1 to {} printable ones",
                  from.size(), kMaxName - 1);
    std::memcpy(to, from.c_str(), from.size() + 1);
    return {};
  }

  // urdfdom lets a second parent joint replace the first.
  Result<void> check_tree() {
    std::map<std::string, std::string> parent_of;
    for (const auto& [name, joint] : model_->joints_) {
      const auto [at, fresh] = parent_of.emplace(joint->child_link_name, name);
      if (!fresh)
        return fail("link", joint->child_link_name,
                    "a loop: joints {} and {} both move it: cut one of them",
                    quoted(at->second), quoted(name));
    }
    return {};
  }

  Result<void> find_path() {
    auto link = model_->getLink(options_.tip);
    if (!link)
      return fail("link", options_.tip, "the tip is not in the description{}",
                  near_link());
    if (auto ok = copy_name("link", options_.tip, chain_.tip_name); !ok)
      return ok;
    for (; link->name != options_.base; link = link->getParent()) {
      if (!link->parent_joint || !link->getParent()) break;
      if (path_.size() > model_->joints_.size())
        return fail("link", link->name, "a loop: cut one of its joints");
      path_.push_back(link->parent_joint);
    }
    if (!options_.base.empty() && link->name != options_.base)
      return fail("link", options_.base, "the base is not above the tip {}",
                  quoted(options_.tip));
    std::reverse(path_.begin(), path_.end());
    base_ = link;
    return copy_name("link", link->name, chain_.base_name);
  }

  std::string near_link() const {
    std::vector<std::string> names;
    for (const auto& entry : model_->links_) names.push_back(entry.first);
    const auto near = nearest(options_.tip, names);
    return near.empty() ? "" : fmt::format(" (is \"{}\" meant?)", near);
  }

  Result<void> add_joints() {
    if (auto ok = copy_name("robot", model_->name_, chain_.name); !ok)
      return ok;
    frames_[base_->name] = {};
    Transform pending;  // from the last movable frame
    for (const auto& joint : path_) {
      const Transform at =
          transform_of(joint->parent_to_joint_origin_transform);
      if (!finite(at))
        return fail("joint", joint->name,
                    "an origin that is not a place: "
                    "give finite numbers below 1000 m");
      pending = compose(pending, at);
      if (is_movable(*joint)) {
        if (auto ok = add_joint(*joint, pending); !ok) return ok;
        pending = {};
      }
      frames_[joint->child_link_name] = {chain_.joints, pending};
    }
    chain_.tip = pending;
    if (chain_.joints == 0)
      return fail("link", options_.tip, "no joint moves it: name another tip");
    return {};
  }

  Result<void> add_joint(const urdf::Joint& from, const Transform& origin) {
    if (chain_.joints == kMaxJoints)
      return fail("joint", from.name, "more than {} joints: name a nearer tip",
                  kMaxJoints);
    Joint& joint = chain_.joint[chain_.joints];
    joint.origin = origin;
    for (auto step : {set_type(from, joint), set_axis(from, joint),
                      set_limits(from, joint)})
      if (!step) return step;
    finish_joint(joint);
    return copy_name("joint", from.name, chain_.joint_name[chain_.joints++]);
  }

  Result<void> set_type(const urdf::Joint& from, Joint& to) {
    if (from.mimic)
      return fail("joint", from.name,
                  "mimics {}: a chain's joints move on their own: make it "
                  "fixed or drop <mimic>",
                  quoted(from.mimic->joint_name));
    switch (from.type) {
      case urdf::Joint::REVOLUTE:
        to.type = JointType::kRevolute;
        return {};
      case urdf::Joint::CONTINUOUS:
        to.type = JointType::kContinuous;
        return {};
      case urdf::Joint::PRISMATIC:
        to.type = JointType::kPrismatic;
        return {};
      default:
        break;
    }
    return fail("joint", from.name,
                "floating or planar: use revolute, continuous, prismatic or "
                "fixed joints");
  }

  Result<void> set_axis(const urdf::Joint& from, Joint& to) {
    const double axis[3] = {from.axis.x, from.axis.y, from.axis.z};
    const double norm =
        std::sqrt(axis[0] * axis[0] + axis[1] * axis[1] + axis[2] * axis[2]);
    if (!(std::abs(norm - 1) < 1e-6))
      return fail("joint", from.name,
                  "an axis of length {:.7g}: give a unit vector", norm);
    for (int i = 0; i < 3; ++i) to.axis[i] = axis[i] / norm;
    return {};
  }

  Result<void> set_limits(const urdf::Joint& from, Joint& to) {
    const bool endless = to.type == JointType::kContinuous;
    if (!from.limits)
      return fail("joint", from.name,
                  "no limits: give <limit lower upper velocity effort>");
    const auto& limits = *from.limits;
    to.lo = endless ? -std::numeric_limits<double>::infinity() : limits.lower;
    to.hi = endless ? std::numeric_limits<double>::infinity() : limits.upper;
    to.velocity = limits.velocity;
    to.effort = limits.effort;
    if (!(to.lo < to.hi) ||
        (!endless && !(std::abs(to.lo) < 1e4 && std::abs(to.hi) < 1e4)))
      return fail("joint", from.name,
                  "position limits {} .. {}: give finite ones, lower below "
                  "upper",
                  to.lo, to.hi);
    if (!(to.velocity > 0 && to.velocity < 1e4))
      return fail("joint", from.name,
                  "a velocity limit of {}: give one above zero", to.velocity);
    if (!(to.effort >= 0 && std::isfinite(to.effort)))
      return fail("joint", from.name,
                  "an effort limit of {}: give a finite one", to.effort);
    return {};
  }

  // Breadth first from the base: everything that moves with a frame.
  Result<void> add_bodies() {
    std::vector<urdf::LinkConstSharedPtr> todo = {base_};
    for (std::size_t i = 0; i < todo.size(); ++i) {
      if (i > model_->links_.size())
        return fail("link", todo[i]->name, "a loop: cut one of its joints");
      if (auto ok = add_body(*todo[i]); !ok) return ok;
      add_inertial(*todo[i]);
      for (const auto& joint : todo[i]->child_joints) {
        const auto child = model_->getLink(joint->child_link_name);
        if (!child) continue;
        place(*joint);
        todo.push_back(child);
      }
    }
    return {};
  }

  void place(const urdf::Joint& joint) {
    if (frames_.count(joint.child_link_name)) return;  // on the path
    const auto parent = frames_.find(joint.parent_link_name);
    // Beyond a joint that the chain does not follow there is no frame.
    if (parent == frames_.end() || is_movable(joint)) return;
    const Transform at = transform_of(joint.parent_to_joint_origin_transform);
    frames_[joint.child_link_name] = {parent->second.frame,
                                      compose(parent->second.at, at)};
  }

  // Whether it is known is judged by who needs it: a chain does without.
  void add_inertial(const urdf::Link& link) {
    const bool matter =
        !link.collision_array.empty() || !link.visual_array.empty();
    const auto frame = frames_.find(link.name);
    const bool rests = frame != frames_.end() && frame->second.frame == 0;
    if (rests || (!link.inertial && !matter)) return;
    if (chain_.inertials++ >= kMaxInertials) return;
    Inertial& to = chain_.inertial[chain_.inertials - 1];
    const std::string_view name = utf8_cut(link.name, kMaxName - 1);
    std::memcpy(to.name, name.data(), name.size());
    if (frame == frames_.end()) return;
    to.link = frame->second.frame;
    if (link.inertial) weigh(*link.inertial, frame->second.at, to);
  }

  static void weigh(const urdf::Inertial& from, const Transform& at,
                    Inertial& to) {
    const Transform placed = compose(at, transform_of(from.origin));
    const double inertia[6] = {from.ixx, from.ixy, from.ixz,
                               from.iyy, from.iyz, from.izz};
    const bool usable =
        from.mass > 0 && from.mass < 1e6 && finite(placed) &&
        std::all_of(
            inertia, inertia + 6, [](double v) { return std::abs(v) < 1e6; }) &&
        from.ixx >= 0 && from.iyy >= 0 && from.izz >= 0;
    if (!usable) return;
    to.known = 1;
    to.mass = from.mass;
    std::copy(placed.p, placed.p + 3, to.center);
    std::copy(inertia, inertia + 6, to.inertia);
  }

  Result<void> add_body(const urdf::Link& link) {
    if (link.collision_array.empty()) {
      if (frames_.count(link.name) && frames_[link.name].frame > 0)
        log_line(LogLevel::kInfo,
                 fmt::format("{}: link {}: no collision geometry: nothing "
                             "guards it",
                             file_, quoted(link.name)));
      return {};
    }
    const auto frame = frames_.find(link.name);
    if (frame == frames_.end())
      return fail("link", link.name,
                  "a joint outside the chain moves its collision geometry: "
                  "make that joint fixed or name another tip");
    if (chain_.bodies == Chain::kMaxBodies)
      return fail("link", link.name, "more than {} links with geometry",
                  Chain::kMaxBodies);
    if (auto ok = copy_name("link", link.name, chain_.body_name[chain_.bodies]);
        !ok)
      return ok;
    for (const auto& shape : link.collision_array)
      if (auto ok = add_shape(link, *shape, frame->second); !ok) return ok;
    join_neighbour(link, chain_.bodies);
    bodies_[link.name] = chain_.bodies++;
    return {};
  }

  // The nearest link above that has geometry: no joint between the two moves
  // any other.
  void join_neighbour(const urdf::Link& link, uint32_t body) {
    for (auto up = link.getParent(); up; up = up->getParent()) {
      const auto at = bodies_.find(up->name);
      if (at == bodies_.end()) continue;
      chain_.adjacent[body] |= 1u << at->second;
      chain_.adjacent[at->second] |= 1u << body;
      return;
    }
  }

  Result<void> add_shape(const urdf::Link& link, const urdf::Collision& shape,
                         const Attachment& on) {
    if (!shape.geometry)
      return fail("link", link.name,
                  "a collision without geometry: give a "
                  "sphere, cylinder or box");
    const Transform at = compose(on.at, transform_of(shape.origin));
    const auto balls = cover(link, *shape.geometry);
    if (!balls) return balls.error();
    for (const Ball& ball : *balls) {
      if (chain_.spheres == kMaxSpheres)
        return fail("link", link.name,
                    "the covers take more than {} spheres: allow more "
                    "overshoot or use fewer primitives",
                    kMaxSpheres);
      Sphere& sphere = chain_.sphere[chain_.spheres++];
      sphere.link = on.frame;
      sphere.body = chain_.bodies;
      sphere.radius = ball.radius;
      Transform local;
      std::copy(ball.center, ball.center + 3, local.p);
      const Transform placed = compose(at, local);
      if (!finite(placed))
        return fail("link", link.name,
                    "a collision origin that is not a "
                    "place: give finite numbers below 1000 m");
      std::copy(placed.p, placed.p + 3, sphere.center);
    }
    return {};
  }

  Result<std::vector<Ball>> cover(const urdf::Link& link,
                                  const urdf::Geometry& shape) {
    const auto size = [](double v) { return v > 0 && v < 100; };
    const auto cut = [&](Result<std::vector<Ball>> made) {
      return made ? std::move(made)
                  : Result<std::vector<Ball>>(
                        fail("link", link.name, "{}", made.error().text()));
    };
    if (shape.type == urdf::Geometry::SPHERE) {
      const auto& s = static_cast<const urdf::Sphere&>(shape);
      if (size(s.radius)) return cover_sphere(s.radius);
    } else if (shape.type == urdf::Geometry::CYLINDER) {
      const auto& c = static_cast<const urdf::Cylinder&>(shape);
      if (size(c.radius) && size(c.length))
        return cut(cover_cylinder(c.radius, c.length, options_.overshoot));
    } else if (shape.type == urdf::Geometry::BOX) {
      const auto& b = static_cast<const urdf::Box&>(shape);
      const double edges[3] = {b.dim.x, b.dim.y, b.dim.z};
      if (std::all_of(edges, edges + 3, size))
        return cut(cover_box(edges, options_.overshoot));
    } else {
      const auto& m = static_cast<const urdf::Mesh&>(shape);
      return fail("link", link.name,
                  "collision mesh {}: a mesh is an error until the compiler "
                  "covers meshes: give primitives (sphere, cylinder, box)",
                  quoted(m.filename));
    }
    return fail("link", link.name,
                "a collision primitive without extent: "
                "give sizes above 0 and below 100 m");
  }

  const Model& model_;
  const std::string& file_;
  const ChainOptions& options_;
  Chain chain_;
  std::vector<urdf::JointSharedPtr> path_;
  urdf::LinkConstSharedPtr base_;
  std::map<std::string, Attachment> frames_;
  std::map<std::string, uint32_t> bodies_;
};

Result<Chain> with_srdf(Result<Chain> chain, const Model& model,
                        const ChainOptions& options) {
  if (!chain || !options.srdf) return chain;
  std::vector<std::string> links;
  for (const auto& entry : model->links_) links.push_back(entry.first);
  if (auto ok = read_srdf(*options.srdf, links, *chain); !ok) return ok.error();
  return chain;
}

// Some of urdfdom's refusals deserve a remedy.
std::string remedy(const std::string& said) {
  const auto has = [&](const char* word) {
    return said.find(word) != std::string::npos;
  };
  if (has("root link"))
    return "a loop or a second root: one link must have no parent";
  if (has("limits")) return "give <limit lower upper velocity effort>";
  return "correct the description";
}

}  // namespace

Result<Chain> parse_urdf(std::string_view text, const std::string& name,
                         const ChainOptions& options) {
  const std::string file = one_line(name);
  if (!(options.overshoot > 0))
    return bad_input("{}: overshoot {}: give one above 0 m", file,
                     options.overshoot);
  if (auto fits = check_xml(text, file); !fits) return fits.error();
  LogRoute route;
  try {
    const Model model(urdf::parseURDF(std::string(text).append(kXmlTail)));
    if (!model) {
      const std::string said =
          route.first().empty() ? "not a robot description" : route.first();
      return bad_input("{}: {}: {}", file, said, remedy(said));
    }
    return with_srdf(Builder(model, file, options).build(), model, options);
  } catch (const std::exception& fault) {
    return bad_input("{}: {}: correct the description", file,
                     one_line(fault.what()));
  }
}

}  // namespace tactus::kin
