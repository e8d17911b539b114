// routes.csv: which gateway takes which numbers, and what a minute costs there.
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace least_cost {

struct Route {
  std::string gateway;  // "sip:gw.example.com:5060;transport=tcp"
  double price;         // per minute
  std::string written;  // the price as it stands in the file
  std::string carrier;
  int line;
};

inline std::string Lower(std::string s) {
  for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return s;
}

// The routes of a file. They do not change, so that any number of threads may read
// them. The constructor throws std::runtime_error with the line of a mistake.
class Routes {
 public:
  Routes(const std::string& name, const std::string& text) : revision_(Hash(text)) {
    std::istringstream lines(text);
    std::string line;
    for (int number = 1; std::getline(lines, line); ++number) {
      line = Trim(line);
      if (!line.empty() && line[0] != '#') Add(name + ":" + std::to_string(number) + ": ", number, Split(line));
    }
    if (by_prefix_.empty()) throw std::runtime_error(name + ": there is no route in it");
  }

  const std::string& revision() const { return revision_; }

  // The routes of a number, the cheapest first, one for each gateway: that of its
  // longest prefix. At the same price, the first in the file is first.
  std::vector<Route> Cheapest(const std::string& digits) const {
    std::vector<Route> best;
    std::set<std::string> seen;
    for (size_t length = digits.size(); length > 0; --length) {
      const auto found = by_prefix_.find(digits.substr(0, length));
      if (found == by_prefix_.end()) continue;
      for (const Route& route : found->second) {
        if (seen.insert(Lower(route.gateway)).second) best.push_back(route);
      }
    }
    std::sort(best.begin(), best.end(), [](const Route& a, const Route& b) {
      return a.price != b.price ? a.price < b.price : a.line < b.line;
    });
    return best;
  }

 private:
  struct Field {
    const char* name;
    std::regex pattern;
    const char* want;
  };

  static const std::vector<Field>& Fields() {
    static const std::vector<Field> fields = {
        {"prefix", std::regex("[0-9]{1,15}"), "1 to 15 digits"},
        {"gateway", std::regex("sips?:[A-Za-z0-9.:\\[\\]-]{1,150}(;[!#-+.-;=A-~-]{0,50})?"), "sip:HOST or sips:HOST without a user"},
        {"price", std::regex("[0-9]{1,6}(\\.[0-9]{1,6})?"), "a decimal number such as 0.0123"},
        {"carrier", std::regex("[ -~]{0,64}"), "at most 64 printable characters of ASCII"},
    };
    return fields;
  }

  void Add(const std::string& where, int line, std::vector<std::string> values) {
    if (values.size() != 3 && values.size() != 4) {
      throw std::runtime_error(where + std::to_string(values.size()) + " fields; want prefix, gateway, price and, if you like, carrier");
    }
    for (size_t i = 0; i < values.size(); ++i) {
      const Field& field = Fields()[i];
      if (values[i].size() > 300 || !std::regex_match(values[i], field.pattern)) {
        throw std::runtime_error(where + field.name + " \"" + values[i] + "\" is not allowed; want " + field.want);
      }
    }
    values.resize(4);
    if (values[3].empty()) values[3] = values[1];
    std::vector<Route>& routes = by_prefix_[values[0]];
    for (const Route& other : routes) {
      if (Lower(other.gateway) == Lower(values[1])) {
        throw std::runtime_error(where + "prefix " + values[0] + " by " + values[1] + " is at line " + std::to_string(other.line) + " already");
      }
    }
    routes.push_back({values[1], std::stod(values[2]), values[2], values[3], line});
  }

  static std::string Trim(const std::string& s) {
    constexpr const char* kSpace = " \t\r\n\f\v";
    const size_t first = s.find_first_not_of(kSpace);
    return first == std::string::npos ? "" : s.substr(first, s.find_last_not_of(kSpace) - first + 1);
  }

  static std::vector<std::string> Split(const std::string& line) {
    std::vector<std::string> fields;
    size_t start = 0;
    for (size_t comma; (comma = line.find(',', start)) != std::string::npos; start = comma + 1) {
      fields.push_back(Trim(line.substr(start, comma - start)));
    }
    fields.push_back(Trim(line.substr(start)));
    return fields;
  }

  // FNV-1a of the content: the same in every replica that has the same file.
  static std::string Hash(std::string_view text) {
    uint64_t hash = 14695981039346656037u;
    for (unsigned char c : text) hash = (hash ^ c) * 1099511628211u;
    std::ostringstream hex;
    hex << std::hex << hash;
    return hex.str();
  }

  std::string revision_;
  std::map<std::string, std::vector<Route>> by_prefix_;
};

}  // namespace least_cost
