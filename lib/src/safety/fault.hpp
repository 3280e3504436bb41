// SPDX-License-Identifier: MIT
// Test seam: each rule of the shield has a fault that removes it. The
// functions of this room are templates over `F`; the product instantiates
// them with NoFault, where every test is a constant false and vanishes. The
// tests instantiate them with one fault at a time: a fault that no test
// notices is a rule that nothing guards.
#pragma once

namespace tactus::safety {

enum class Fault {
  kNone,
  kActionBox,
  kActionRate,
  kJointPosition,
  kJointVelocity,
  kKeepIn,
  kKeepOut,
  kSeparation,
  kSeparationNow,
  kLinear,
  kExpression,
  kTurnedIn,
  kTurnedOut,
  kCapsuleIn,
  kCapsuleOut,
  kHullIn,
  kHullOut,
  kSelf,
  kTurn,            // a box's pose
  kCapsuleEnds,     // its axis has no ends
  kHullFaces,       // only its first face
  kSelfWide,        // between its samples a link does not move against another
  kSelfModel,       // model error of both spheres
  kSpared,          // links and except are ignored
  kScreenSwept,     // many shapes: a sphere stays where it is in mid-motion
  kScreenFull,      // pairs beyond the room for near ones do not count
  kMemoryDrift,     // what is remembered holds wherever the robot moves
  kMemoryHuman,     // ... and the human
  kMemoryOpen,      // ... and whatever the windows do
  kRolloutBetween,  // time to violation: nothing happens between instants
  kWindowLinks,     // an open window is for all parts
  kWindowFresh,     // a stale signal holds a window open
  kWindowLevel,     // it is always set
  kWindowLong,      // a window stays open as long as its signal is set
  kWindowMotion,    // and to the end of the motion
  kExprStop,        // u as it is sent, not what the stop makes of it
  kExprWide,        // what is not known of q and dq
  kExprUncertain,   // declared errors and motion of other signals
  kExprRange,       // the range that its rounding bound was derived for
  kRounding,        // of the arithmetic, off the limits
  kNan,
  kRange,
  kStale,
  kFuture,
  kBackwards,
  kGuardianStale,
  kUnknownHistory,
  kHumanGrowth,   // the human stays where it was seen
  kHumanMargins,  // sensor, robot, intrusion left out
  kModelError,
  kInFlight,       // commands in flight are forgotten
  kSendTime,       // a send takes no time
  kQuiet,          // a robot without a guardian waits for ever
  kAhead,          // a release lies in the past
  kDelay,          // u_k takes effect at once
  kLag,            // the robot follows at once
  kHold,           // the stop begins now instead of at t_s
  kStall,          // a played command is never old
  kJoin,           // the guardian's frames are never old
  kAnew,           // a robot without a guardian takes the plan up where it is
  kSpread,         // the stop is never early
  kFallen,         // what it has fallen by t1 fell no earlier
  kBoxAnyway,      // commands keep to an action box that is off
  kStep,           // cycles are a period apart
  kBefore,         // nobody dies between send and commit
  kFirst,          // nor does who sends the first command of a life
  kBetween,        // nothing happens between samples
  kTail,           // the motion ends with the command
  kStandstill,     // engage without it
  kResidual,       // a small command is none
  kStillInFlight,  // what has not arrived yet moves nothing
  kEngageProof,
  kBlend,
  kKeepPlan,        // committed() never replaces the running plan
  kTakeAnyPlan,     // a plan of an action that was not sent replaces it
  kRecheck,         // what rung scale found is sent without the full check
  kProjectRecheck,  // the same of rung project
  kProjectLadder,   // project though the ladder has no such rung
  kQpRecheck,       // the QP's answer is not held against the rows again
  kQpHint,          // a row of the warm start is active, missed or not
  kJointAcceleration,
  kJointJerk,
  kJointViable,
  kLinearWide,  // what is not known of q in a linear row
  kTorque,
  kForce,
  kPower,
  kEnergy,
  kEnergyTurn,  // what turns stores nothing
  kContact,
  kContactReach,  // the region stays where it was seen, seen exactly
  kBarrier,
  kBarrierBetween,  // nothing changes within a period
  kBarrierStray,    // the velocity at t1 is the predicted one
  kBarrierHuman,    // the human of a barrier stands
  kResponseStop,    // what answers with stop or latch is scaled all the same
  kResponseLatch,   // and does not trip the loop
  kResponseWarn,    // a row that only warns decides
  kRowOff,          // a row that was taken out is judged
  kWarnBand,        // coming near a limit is not noticed
  kHysteresis,      // a row that refused forgets it
  kHysteresisOn,    // it remembers for ever
  kHysteresisLife,  // and beyond the engagement
  kHistorically,
  kOnce,
  kAtMost,
  kPastMotion,   // only the past counts, not the motion
  kPastFresh,    // what was before the first check was good
  kPastGap,      // time between checks is seen, however long
  kPastBetween,  // two checks, the worse of which counts for between
  kPastStamp,    // what is seen late was so when it was seen
  kPastUnknown,  // a bad signal leaves what was known
  kPastLimits,   // other limits take over what was known of the last
  kPastGuard,    // what the guardian sends is what we sent
  kPastLeak,     // time in violation leaves the window a slot early
  kCallback,
  kCallbackShown,  // the action asked for, whatever is made of it
  kCallbackFate,   // a margin counts, whatever became of the call
  kCount,
};

struct NoFault {
  static constexpr bool on(Fault) { return false; }
};

}  // namespace tactus::safety
