// SPDX-License-Identifier: MIT
// The only file that includes TinyXML, which urdfdom reads its files with.
#include "kin/srdf.hpp"

#include <tinyxml.h>

#include <algorithm>
#include <cstring>

#include "core/error.hpp"
#include "core/text.hpp"
#include "kin/xml_guard.hpp"

namespace tactus::kin {
namespace {

constexpr uint32_t kNoBody = Chain::kMaxBodies;

class Reader {
 public:
  Reader(const std::string& file, const std::vector<std::string>& links,
         Chain& chain)
      : file_(file), links_(links), chain_(chain) {}

  Result<void> read(const TiXmlElement* robot) {
    if (robot == nullptr || std::strcmp(robot->Value(), "robot") != 0)
      return bad_input("{}: no <robot>: give the robot's SRDF", file_);
    const char* name = robot->Attribute("name");
    if (name == nullptr || std::strcmp(name, chain_.name) != 0)
      return fail(*robot,
                  fmt::format("robot {}: the URDF's is {}",
                              quoted(name ? name : ""), quoted(chain_.name)));
    const char* key = "disable_collisions";
    for (const auto* e = robot->FirstChildElement(key); e != nullptr;
         e = e->NextSiblingElement(key))
      if (auto ok = read_pair(*e); !ok) return ok;
    return {};
  }

 private:
  [[nodiscard]] Error fail(const TiXmlElement& at,
                           const std::string& text) const {
    return bad_input("{}:{}:{}: {}", file_, at.Row(), at.Column(), text);
  }

  Result<void> read_pair(const TiXmlElement& pair) {
    const char* keys[] = {"link1", "link2"};
    uint32_t body[2];
    std::string name[2];
    for (int i = 0; i < 2; ++i) {
      const char* link = pair.Attribute(keys[i]);
      if (link == nullptr)
        return fail(pair, fmt::format("disable_collisions without {}: name "
                                      "two links",
                                      keys[i]));
      name[i] = link;
      if (std::find(links_.begin(), links_.end(), link) == links_.end())
        return fail(pair, fmt::format("{} {}: not a link of the URDF{}",
                                      keys[i], quoted(link), near(link)));
      body[i] = body_of(link);
    }
    if (name[0] == name[1])
      return fail(
          pair, fmt::format("link {} twice: name two links", quoted(name[0])));
    if (body[0] == kNoBody || body[1] == kNoBody) return {};
    chain_.disabled[body[0]] |= 1u << body[1];
    chain_.disabled[body[1]] |= 1u << body[0];
    return {};
  }

  [[nodiscard]] uint32_t body_of(const char* link) const {
    for (uint32_t b = 0; b < chain_.bodies; ++b)
      if (std::strcmp(chain_.body_name[b], link) == 0) return b;
    return kNoBody;  // without geometry, or beside the chain
  }

  [[nodiscard]] std::string near(const std::string& link) const {
    const auto found = nearest(link, links_);
    return found.empty() ? "" : fmt::format(" (is \"{}\" meant?)", found);
  }

  const std::string& file_;
  const std::vector<std::string>& links_;
  Chain& chain_;
};

}  // namespace

Result<void> read_srdf(const SrdfText& srdf,
                       const std::vector<std::string>& links, Chain& chain) {
  const std::string file = one_line(srdf.name);
  if (auto fits = check_xml(srdf.text, file); !fits) return fits.error();
  TiXmlDocument document;
  const std::string text = srdf.text + std::string(kXmlTail);
  document.Parse(text.c_str(), nullptr, TIXML_ENCODING_UTF8);
  if (document.Error())
    return bad_input("{}:{}:{}: {}: correct the SRDF", file,
                     document.ErrorRow(), document.ErrorCol(),
                     one_line(document.ErrorDesc()));
  return Reader(file, links, chain).read(document.RootElement());
}

}  // namespace tactus::kin
