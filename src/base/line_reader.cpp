#include "base/line_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"
#include "base/files.h"
#include "base/files_read.h"
#include "base/interrupt.h"
#include "base/text.h"

namespace penalmt {
namespace {

constexpr std::size_t kBuffer = std::size_t{1} << 16;
constexpr int kGzipOnly = 15 + 16;  // inflateInit2: the largest window, a gzip header demanded
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// Bytes, or the end, are there to be read at once.
bool is_readable(int descriptor) {
  pollfd watched = {descriptor, POLLIN, 0};
  return ::poll(&watched, 1, 0) > 0;
}

// Windows' editors write it where they say "Unicode".
bool looks_like_utf16(std::string_view line) {
  return line.starts_with("\xFF\xFE") || line.starts_with("\xFE\xFF");
}

}  // namespace

// raw bytes (read(2)) → text, inflated where it is gzip → lines
struct LineReader::Source {
  std::string name;
  LineForm form;
  int descriptor = -1;
  bool may_wait = false;  // a pipe or a terminal: bytes may come later
  off_t first_byte = 0;   // where reading began, for what cannot wait
  int64_t line_number = 0;
  std::string raw;   // read, not yet inflated; unused for plain text
  std::string text;  // text from `begin` on is not yet returned
  std::size_t begin = 0;
  std::size_t searched = 0;  // no "\n" in text[begin, searched)
  bool ended = false;        // the file has no more bytes
  bool known = false;        // the first bytes were seen
  bool gzip = false;
  bool between_members = false;  // a gzip file is one or several members in a row
  z_stream stream = {};

  Source(const std::filesystem::path& path, LineForm form)
      : name(path == "-" ? "standard input" : path.string()), form(form) {
    descriptor = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) throw_file_error(name, "read", errno);
    remember_read(descriptor);
    struct stat status = {};
    may_wait = ::fstat(descriptor, &status) == 0 && !S_ISREG(status.st_mode);
    if (!may_wait) first_byte = ::lseek(descriptor, 0, SEEK_CUR);
  }
  ~Source() {
    if (descriptor > STDIN_FILENO) ::close(descriptor);
    if (gzip) inflateEnd(&stream);
  }
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // As it was before the first line.
  void begin_again() {
    if (gzip) inflateEnd(&stream);
    stream = {};
    raw.clear();
    text.clear();
    line_number = 0;
    begin = searched = 0;
    ended = known = gzip = between_members = false;
  }

  // Appends what has arrived, at least one byte but for the end.
  void read_some(std::string& bytes) {
    const std::size_t old_size = bytes.size();
    bytes.resize(old_size + kBuffer);
    if (may_wait) wait_until_readable(descriptor);
    const ssize_t got = ::read(descriptor, bytes.data() + old_size, kBuffer);
    if (got < 0) throw_file_error(name, "read", errno);
    bytes.resize(old_size + static_cast<std::size_t>(got));
    ended = got == 0;
  }

  void look_at_first_bytes() {
    read_some(text);
    if (!ended && text == "\x1f") return;  // perhaps gzip: the next byte tells
    known = true;
    if (text.compare(0, 2, "\x1f\x8b") != 0) return;
    gzip = true;
    raw.swap(text);
    if (inflateInit2(&stream, kGzipOnly) != Z_OK)
      throw MachineError(name + ": cannot read: no memory to inflate it");
  }

  // Moves some of `raw` into `text`.
  void inflate_some() {
    if (raw.empty()) read_some(raw);
    if (raw.empty()) {
      if (!between_members) throw Error(name + ": damaged gzip file: it ends too early");
      return;
    }
    if (between_members) {
      inflateReset(&stream);
      between_members = false;
    }
    const std::size_t old_size = text.size();
    text.resize(old_size + 4 * kBuffer);
    stream.next_in = reinterpret_cast<Bytef*>(raw.data());
    stream.avail_in = static_cast<uInt>(raw.size());
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + old_size);
    stream.avail_out = 4 * kBuffer;
    const int status = inflate(&stream, Z_SYNC_FLUSH);
    text.resize(text.size() - stream.avail_out);
    raw.erase(0, raw.size() - stream.avail_in);
    if (status == Z_MEM_ERROR) throw MachineError(name + ": cannot read: no memory to inflate it");
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) {
      throw Error(name +
                  ": damaged gzip file: " + (stream.msg != nullptr ? stream.msg : "unknown form"));
    }
    between_members = status == Z_STREAM_END;
  }

  // One step on: reads, or inflates what was read. False when there is no more.
  bool fill() {
    text.erase(0, begin);
    searched -= begin;
    begin = 0;
    const std::size_t old_size = text.size();
    if (!known) {
      look_at_first_bytes();
      return gzip || text.size() > old_size;
    }
    if (gzip) {
      if (ended && raw.empty() && between_members) return false;
      inflate_some();
      return true;
    }
    if (!ended) read_some(text);
    return text.size() > old_size;
  }

  bool holds_line() {
    const std::size_t end = text.find('\n', searched);
    searched = end == std::string::npos ? text.size() : end;
    return end != std::string::npos;
  }

  // The next fill() need not wait.
  bool can_fill() const { return !may_wait || !raw.empty() || ended || is_readable(descriptor); }
};

LineReader::LineReader(const std::filesystem::path& path, LineForm form)
    : source_(std::make_unique<Source>(path, form)) {}
LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;

bool LineReader::next(std::string& line) {
  Source& s = *source_;
  throw_if_interrupted();
  while (!s.holds_line() && s.fill()) continue;
  if (s.begin == s.text.size()) return false;
  const std::size_t end = s.searched;  // a "\n", or the end of the file
  line.assign(s.text, s.begin, end - s.begin);
  s.begin = s.searched = std::min(end + 1, s.text.size());
  ++s.line_number;
  if (const auto offset = first_invalid_utf8(line)) {
    const bool utf16 = s.line_number == 1 && looks_like_utf16(line);
    throw Error(
        s.name + ":" + std::to_string(s.line_number) + ": invalid UTF-8 at byte " +
        std::to_string(*offset + 1) +
        (utf16 ? "; it looks like UTF-16: iconv -f UTF-16 -t UTF-8 makes UTF-8 of it" : ""));
  }
  if (s.form == LineForm::kAsItIs) return true;
  expect_no_nul(line, fmt::format("{}:{}", s.name, s.line_number));
  if (s.line_number == 1 && line.starts_with(kByteOrderMark)) line.erase(0, kByteOrderMark.size());
  clean_line(line);
  return true;
}

bool LineReader::has_arrived() {
  Source& s = *source_;
  while (!s.holds_line()) {
    if (!s.can_fill()) return false;
    if (!s.fill()) return true;
  }
  return true;
}

bool LineReader::may_wait() const { return source_->may_wait; }

void LineReader::rewind() {
  Source& s = *source_;
  if (::lseek(s.descriptor, s.first_byte, SEEK_SET) < 0) throw_file_error(s.name, "read", errno);
  s.begin_again();
}

int64_t LineReader::line_number() const { return source_->line_number; }
const std::string& LineReader::name() const { return source_->name; }

std::vector<std::string> read_lines(const std::filesystem::path& path, LineForm form) {
  LineReader reader(path, form);
  std::vector<std::string> lines;
  for (std::string line; reader.next(line);) lines.push_back(std::move(line));
  return lines;
}

}  // namespace penalmt
