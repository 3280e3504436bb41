// SPDX-License-Identifier: MIT
// Small robot descriptions for the tests.
#pragma once

#include <string>

namespace robots {

inline std::string link(const std::string& name, const std::string& shape) {
  return "<link name=\"" + name + "\"><collision><geometry>" + shape +
         "</geometry></collision></link>\n";
}

inline std::string joint(const std::string& name, const std::string& type,
                         const std::string& parent, const std::string& child,
                         const std::string& inside) {
  return "<joint name=\"" + name + "\" type=\"" + type + "\"><parent link=\"" +
         parent + "\"/><child link=\"" + child + "\"/>" + inside + "</joint>\n";
}

inline const std::string kLimit =
    "<limit lower=\"-2\" upper=\"2\" velocity=\"2\" effort=\"10\"/>";

// Two links of 0.5 m and 0.3 m in the plane z = 0, a fixed flange.
inline std::string planar(
    const std::string& first_joint_extra = kLimit,
    const std::string& axis = "0 0 1",
    const std::string& shape = "<sphere radius=\"0.05\"/>") {
  return "<robot name=\"planar\">\n" +
         link("base", "<sphere radius=\"0.1\"/>") + link("upper", shape) +
         link("lower", "<sphere radius=\"0.04\"/>") +
         "<link name=\"flange\"/>\n" +
         joint("j1", "revolute", "base", "upper",
               "<axis xyz=\"" + axis + "\"/>" + first_joint_extra) +
         joint("j2", "revolute", "upper", "lower",
               "<origin xyz=\"0.5 0 0\"/><axis xyz=\"0 0 1\"/>" + kLimit) +
         joint("tip", "fixed", "lower", "flange", "<origin xyz=\"0.3 0 0\"/>") +
         "</robot>\n";
}

}  // namespace robots
