// SPDX-License-Identifier: MIT
// FCL and Eigen beside the shield, on a robot at rest: there the nearest
// sample of the motion is the present, so the answers can be compared. Ours is
// the whole check: kinematics, motion and stop plan included; a peer gets the
// places of all samples and computes distances or sums alone.
#include <fcl/narrowphase/distance.h>

#include <Eigen/Dense>
#include <cmath>

#include "kin/fk.hpp"
#include "safety_rows.hpp"

namespace bench {
namespace {

using namespace tactus;
using namespace tactus::safety;

// Standing still where the scene has it, and nothing in flight.
void rest(const Image& image, Scene& s) {
  for (uint32_t j = 0; j < image.joints; ++j) {
    s.value[image.dq_signal][j] = s.action[j] = s.state.before[j] = 0;
    for (Command& c : s.state.history) c.u[j] = 0;
  }
  s.state.plan.plan_id = 0;
}

std::vector<Eigen::Vector3d> centres(const Image& image, const Scene& s) {
  double q[kMaxJoints] = {};
  for (uint32_t j = 0; j < image.joints; ++j)
    q[j] = static_cast<double>(s.value[image.q_signal][j]);
  kin::Frames frames;
  kin::forward(image.chain, q, frames);
  std::vector<Eigen::Vector3d> out(image.chain.spheres);
  for (uint32_t i = 0; i < image.chain.spheres; ++i) {
    const auto& ball = image.chain.sphere[i];
    kin::point(frames, ball.link, ball.center, out[i].data());
  }
  return out;
}

// What a peer answers: the least slack (m, or a sum's room) of one sample.
class Fcl {
 public:
  explicit Fcl(const Image& image) : image_(image) {
    for (uint32_t i = 0; i < image.chain.spheres; ++i)
      ball_.emplace_back(image.chain.sphere[i].radius);
    for (uint32_t k = 0; k < image.capsules; ++k) {
      const Capsule& c = image.capsule[k];
      const Eigen::Vector3d a(c.from), b(c.to);
      post_.emplace_back(c.radius, (b - a).norm());
      fcl::Transform3d at = fcl::Transform3d::Identity();
      at.translation() = 0.5 * (a + b);  // upright, as FCL has them
      place_.push_back(at);
    }
  }
  double least(const std::vector<Eigen::Vector3d>& centre) {
    double out = 1e9;
    fcl::Transform3d at = fcl::Transform3d::Identity(), other = at;
    for (std::size_t i = 0; i < ball_.size(); ++i) {
      if (image_.chain.sphere[i].link == 0) continue;
      at.translation() = centre[i];
      for (std::size_t k = 0; k < post_.size(); ++k)
        out = std::min(out, distance(ball_[i], at, post_[k], place_[k]));
    }
    for (uint32_t p = 0; p < image_.pairs; ++p) {
      const Pair& pair = image_.pair[p];
      at.translation() = centre[pair.a];
      other.translation() = centre[pair.b];
      out = std::min(out, distance(ball_[pair.a], at, ball_[pair.b], other));
    }
    return out;
  }

 private:
  template <class A, class B>
  double distance(const A& a, const fcl::Transform3d& at, const B& b,
                  const fcl::Transform3d& bt) {
    fcl::DistanceResultd result;
    return fcl::distance(&a, at, &b, bt, request_, result);
  }
  const Image& image_;
  fcl::DistanceRequestd request_;
  std::vector<fcl::Sphered> ball_;
  std::vector<fcl::Capsuled> post_;
  std::vector<fcl::Transform3d> place_;
};

class Sums {
 public:
  explicit Sums(const Image& image)
      : a_(image.linears, image.joints), b_(image.linears) {
    for (uint32_t r = 0; r < image.linears; ++r) {
      b_[r] = image.linear[r].b;
      for (uint32_t j = 0; j < image.joints; ++j)
        a_(r, j) = image.linear[r].a[j];
    }
  }
  double least(const Eigen::MatrixXd& q) const {
    return (b_.replicate(1, q.cols()) - a_ * q).minCoeff();
  }

 private:
  Eigen::MatrixXd a_;
  Eigen::VectorXd b_;
};

// The least slack of the rows in question, by our own verdict.
double ours(const Image& image, const ShieldOutput& out) {
  double least = 1e9;
  for (uint32_t r = 1; r < image.rows; ++r)
    least = std::min(
        least, static_cast<double>(out.row[r].margin) * image.row[r].scale);
  return least;
}

struct Race {
  const char* peer;
  std::string name;
  ImageCopy image;
};

// `least` of one sample for the answer, `all` of every sample for the time.
template <class Least, class All>
bool race(const Race& r, int cases, const Least& least, const All& all,
          Report& report) {
  Scenes scenes(*r.image, this_kernel(), 3);
  Stopwatch watch(this_kernel());
  Scene s;
  ShieldOutput out;
  std::vector<double> mine, other;
  double worst = 0, sink = 0;
  for (int i = 0; i < cases; ++i) {
    scenes.next(s);
    rest(*r.image, s);
    mine.push_back(watch.hot(*r.image, s, out));
    const double theirs = least(s);
    // Touching spheres have no distance for FCL, and beyond the scale a margin
    // ends.
    if (theirs > 0 && theirs < 9) {
      worst = std::max(worst, std::abs(theirs - ours(*r.image, out)));
      if (out.rung != TACTUS_RUNG_PASS) worst = INFINITY;
    }
    (void)all(s);
    const int64_t begin = watch.now();
    sink += all(s);
    other.push_back(static_cast<double>(watch.now() - begin));
  }
  report.ratio(r.name + ", answers differ by", worst);
  if (!(worst < 1e-5) || !std::isfinite(sink)) return false;
  const double theirs = median(other);
  report.add(row(r.name, r.peer, std::move(other)));
  report.add(row(r.name, "tactus", std::move(mine)));
  report.ratio(r.name + fmt::format(", {} / tactus", r.peer),
               theirs / report.last().p50);
  return true;
}

Race prepare(const Image& demo, const char* peer, std::string name) {
  Race r{peer, std::move(name), bare(demo)};
  r.image->commit.model_error = 0;  // a distance and nothing else
  return r;
}

bool against_fcl(Race r, int cases, Report& report) {
  if (!seal_or_say(*r.image)) return false;
  Fcl fcl(*r.image);
  const uint32_t samples = r.image->ladder.samples;
  const auto least = [&](const Scene& s) {
    return fcl.least(centres(*r.image, s));
  };
  std::vector<Eigen::Vector3d> places;
  const auto all = [&](const Scene& s) {
    if (places.empty()) places = centres(*r.image, s);
    double out = 1e9;
    for (uint32_t i = 0; i < samples; ++i)
      out = std::min(out, fcl.least(places));
    return out;
  };
  return race(r, cases, least, all, report);
}

bool against_eigen(Race r, int cases, Report& report) {
  if (!seal_or_say(*r.image)) return false;
  const Sums sums(*r.image);
  const auto joints = static_cast<Eigen::Index>(r.image->joints);
  Eigen::MatrixXd one(joints, 1);
  Eigen::MatrixXd many(joints, r.image->ladder.samples);
  const auto at = [&](const Scene& s) {
    for (Eigen::Index j = 0; j < joints; ++j)
      one(j, 0) = static_cast<double>(
          s.value[r.image->q_signal][static_cast<std::size_t>(j)]);
  };
  const auto least = [&](const Scene& s) {
    at(s);
    return sums.least(one);
  };
  const auto all = [&](const Scene&) {
    many.colwise() = one.col(0);
    return sums.least(many);
  };
  return race(r, cases, least, all, report);
}

}  // namespace

bool add_peer_rows(const Image& demo, int cases, Report& report) {
  const int few = std::max(cases / 100, 50);  // FCL takes its time
  const uint32_t balls = demo.chain.spheres, samples = demo.ladder.samples;
  Race posts = prepare(
      demo, "fcl", fmt::format("16 posts x {} spheres x {}", balls, samples));
  add_posts(*posts.image, 16);
  Race pairs = prepare(demo, "fcl", fmt::format("256 pairs x {}", samples));
  add_pairs(*pairs.image, 256);
  Race sums = prepare(demo, "eigen", fmt::format("64 linear x {}", samples));
  add_linear(*sums.image, 64);
  return against_fcl(std::move(posts), few, report) &&
         against_fcl(std::move(pairs), few, report) &&
         against_eigen(std::move(sums), cases / 10, report);
}

}  // namespace bench
