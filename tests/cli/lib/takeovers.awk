# SPDX-License-Identifier: MIT
# Judges the takeovers that handover-plant saw (guard_kills.sh), one a line:
#   begin silent rest speed off travel  u[7] q_begin[7] q_end[7]  gaps
# times in ticks; gaps: pairs within the silence, of the plant's witness.
# Set: kills, decel, jerk, lag, due (the guardian acts by then when nobody
# holds it up), silence (due and the guardian's bound), slack.
#
# A takeover later than `silence` is the guardian's failure, unless the
# witness on its processor was held up after `due` too, for all of the time
# but `slack`. That excuses the time and nothing else. Exit 0: they hold;
# 1: one is wrong, or too few; 2: more than a fifth excused.
function least(a, b) { return a < b ? a : b }
function most(a, b) { return a > b ? a : b }
function size(x) { return x < 0 ? -x : x }
{
  silent = $2; rest = $3; speed = $4; off = $5; travel = $6
  u = 0
  for (j = 7; j <= 13; ++j) u = most(u, size($j))
  fall = u / decel + decel / jerk           # s, the stop itself
  if (u < decel * decel / jerk) fall = 2 * sqrt(u / jerk)
  reach = u * (silence / 1000 + fall / 2) + speed * lag
  host = 0
  for (i = 28; i < NF; i += 2)
    host += most(0, least($(i + 1), silent) - most($i, due))
  printf "  silent %5.1f ticks  speed %.3f rad/s  rest after %5.1f ticks" \
         "  off path %.1e rad  travel %.3f of %.3f rad", \
         silent, speed, rest - $1, off, travel, reach
  bad = rest == 0 || off > 2e-3 || travel > reach + 1e-3
  if (silent > silence) {
    printf "  late by %.1f, the host took %.1f of it", silent - due, host
    if (silent - due - host > slack) bad = 1
    else if (!bad) ++late
  }
  if (bad) { printf "  WRONG"; ++wrong }
  else if (silent <= silence) { ++good; moving += speed > 0.05 }
  printf "\n"
}
END {
  printf "guardian: %d takeovers, %d judged, %d moving, %d delayed by the " \
         "host, %d wrong\n", NR, good, moving, late, wrong
  if (wrong || NR < kills) exit 1
  if (late * 5 > NR) exit 2
  if (moving * 2 < good) exit 1
}
