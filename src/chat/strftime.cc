#include "chat/strftime.h"

#include <string>

#include "base/strings.h"

namespace chat {

namespace {

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

bool is_leap(int year) {
  return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int day_of_year(const CivilTime& t) {  // 1 on the first of January
  constexpr int kBefore[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  return kBefore[t.month - 1] + t.day + (t.month > 2 && is_leap(t.year) ? 1 : 0);
}

int64_t days_since_1970(const CivilTime& t) {
  const int64_t before = t.year - 1;
  return before * 365 + before / 4 - before / 100 + before / 400 + day_of_year(t) - 719163;
}

int day_of_week(const CivilTime& t) {  // 0 on Sunday
  return static_cast<int>(((days_since_1970(t) + 4) % 7 + 7) % 7);
}

struct IsoWeek {
  int year, week;
};
IsoWeek iso_week(const CivilTime& t) {
  const int weekday = (day_of_week(t) + 6) % 7;  // 0 on Monday
  const int thursday = day_of_year(t) - weekday + 3;
  const int days = is_leap(t.year) ? 366 : 365;
  if (thursday < 1) return {t.year - 1, (thursday + (is_leap(t.year - 1) ? 366 : 365) - 1) / 7 + 1};
  if (thursday > days) return {t.year + 1, 1};
  return {t.year, (thursday - 1) / 7 + 1};
}

// A number with leading zeros or blanks up to `width`; '-' and '_' in a directive change them.
std::string number(int64_t value, int width, char padding) {
  std::string digits = base::cat(value);
  while (padding != '-' && static_cast<int>(digits.size()) < width)
    digits.insert(0, 1, padding == '_' ? ' ' : '0');
  return digits;
}

std::string expand(const CivilTime& t, char directive, char flag) {
  const auto padded = [&](int64_t value, int width, char usual = '0') {
    return number(value, width, flag == '\0' ? usual : flag);
  };
  const int weekday = day_of_week(t);
  const int hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
  const auto all = [&](std::string_view directives) {
    std::string result;
    for (char c : directives) result += c >= 'A' ? expand(t, c, '\0') : std::string(1, c);
    return result;
  };
  switch (directive) {
    case 'a':
      return std::string(kDays[weekday].substr(0, 3));
    case 'A':
      return std::string(kDays[weekday]);
    case 'b':
    case 'h':
      return std::string(kMonths[t.month - 1].substr(0, 3));
    case 'B':
      return std::string(kMonths[t.month - 1]);
    case 'c':
      return base::cat(all("a b "), number(t.day, 2, '_'), all(" H:M:S Y"));
    case 'C':
      return padded(t.year / 100, 2);
    case 'd':
      return padded(t.day, 2);
    case 'D':
    case 'x':
      return all("m/d/y");
    case 'e':
      return padded(t.day, 2, '_');
    case 'F':
      return base::cat(all("Y"), "-", all("m"), "-", all("d"));
    case 'G':
      return padded(iso_week(t).year, 4);
    case 'g':
      return padded(iso_week(t).year % 100, 2);
    case 'H':
      return padded(t.hour, 2);
    case 'I':
      return padded(hour12, 2);
    case 'j':
      return padded(day_of_year(t), 3);
    case 'k':
      return padded(t.hour, 2, '_');
    case 'l':
      return padded(hour12, 2, '_');
    case 'm':
      return padded(t.month, 2);
    case 'M':
      return padded(t.minute, 2);
    case 'n':
      return "\n";
    case 'p':
      return t.hour < 12 ? "AM" : "PM";
    case 'P':
      return t.hour < 12 ? "am" : "pm";
    case 'r':
      return all("I:M:S p");
    case 'R':
      return all("H:M");
    case 's':
      return base::cat(days_since_1970(t) * 86400 + t.hour * 3600 + t.minute * 60 + t.second);
    case 'S':
      return padded(t.second, 2);
    case 't':
      return "\t";
    case 'T':
    case 'X':
      return all("H:M:S");
    case 'u':
      return base::cat(weekday == 0 ? 7 : weekday);
    case 'U':
      return padded((day_of_year(t) - 1 + 7 - weekday) / 7, 2);
    case 'V':
      return padded(iso_week(t).week, 2);
    case 'w':
      return base::cat(weekday);
    case 'W':
      return padded((day_of_year(t) - 1 + 7 - (weekday + 6) % 7) / 7, 2);
    case 'f':
      return "000000";
    case 'y':
      return padded(t.year % 100, 2);
    case 'Y':
      return base::cat(t.year);
    case 'z':
    case 'Z':
      return "";
    case '%':
      return "%";
    default:
      return flag == '\0' ? base::cat("%", directive) : base::cat("%", flag, directive);
  }
}

}  // namespace

void format_time(const CivilTime& time, const Text& format, TextBuilder& out) {
  const std::string_view text = format.view();
  for (size_t at = 0; at < text.size();) {
    const size_t percent = std::min(text.find('%', at), text.size());
    out.append_part(format, at, percent);
    at = percent;
    if (at >= text.size()) break;
    const char next = at + 1 < text.size() ? text[at + 1] : '\0';
    const bool flag = next == '-' || next == '_' || next == '0';
    const size_t directive = at + (flag ? 2 : 1);
    if (directive >= text.size() || (text[directive] & 0x80) != 0) {  // a lone '%' stays
      out.append_part(format, at, directive);
      at = directive;
      continue;
    }
    const std::string expanded = expand(time, text[directive], flag ? next : '\0');
    if (text[directive] == '%' || expanded == text.substr(at, directive + 1 - at))
      out.append_part(format, directive + 1 - expanded.size(), directive + 1);
    else
      out.append(expanded, true);
    at = directive + 1;
  }
}

}  // namespace chat
