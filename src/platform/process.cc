#include "platform/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <iterator>

#include "base/strings.h"
#include "platform/os_error.h"
#include "platform/unique_fd.h"

namespace platform {
namespace {

constexpr size_t kKeptOutputBytes = 64 * 1024;
constexpr int kTickMs = 200;

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In a process group of its own, so that its children can be ended with it; with no signal blocked or
// ignored.
base::Result<pid_t> spawn(const std::string& program, const ProgramRun& run, int output_fd, int errors_fd) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors_fd, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);

  std::vector<std::string> arguments = run.arguments;
  std::vector<std::string> variables;
  for (const auto& [name, value] : run.environment) variables.push_back(base::cat(name, "=", value));
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, program.c_str(), &actions, &attributes, pointers_to(arguments).data(),
                                  pointers_to(variables).data());
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0) return os_error("start", program, error);
  return pid;
}

// What a program writes to one of its streams.
class OutputPipe {
 public:
  static base::Result<OutputPipe> make() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return os_error("make", "a pipe", errno);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
    return OutputPipe(UniqueFd(ends[0]), UniqueFd(ends[1]));
  }

  int write_end() const { return write_end_.get(); }
  void close_write_end() { write_end_.reset(); }
  pollfd to_poll() const { return {is_open_ ? read_end_.get() : -1, POLLIN, 0}; }

  // Takes what waits in the pipe.
  void read_waiting() {
    char buffer[16 * 1024];
    while (is_open_) {
      const ssize_t n = ::read(read_end_.get(), buffer, sizeof buffer);
      if (n > 0) {
        text_.append(buffer, static_cast<size_t>(n));
        if (text_.size() > 2 * kKeptOutputBytes) text_.erase(0, text_.size() - kKeptOutputBytes);
      } else if (n == 0 || errno != EINTR) {
        is_open_ = n < 0 && errno == EAGAIN;
        return;
      }
    }
  }

  std::string text() && {
    if (text_.size() > kKeptOutputBytes) text_.erase(0, text_.size() - kKeptOutputBytes);
    return std::move(text_);
  }

 private:
  OutputPipe(UniqueFd read_end, UniqueFd write_end)
      : read_end_(std::move(read_end)), write_end_(std::move(write_end)) {}

  UniqueFd read_end_, write_end_;
  bool is_open_ = true;
  std::string text_;
};

int exit_status_of(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

void end_group(pid_t pid) {
  ::kill(-pid, SIGTERM);
  // Two seconds to tidy up, then the hard way.
  for (int i = 0; i < 20; ++i) {
    if (::waitpid(pid, nullptr, WNOHANG) != 0) return;
    ::usleep(100'000);
  }
  ::kill(-pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

}  // namespace

std::optional<std::string> find_program(const std::string& name, const Environment& environment) {
  if (name.find('/') != std::string::npos) return name;
  const std::string path = find(environment, "PATH").value_or("/usr/local/bin:/usr/bin:/bin");
  for (const std::string_view folder : base::split(path, ':')) {
    std::string candidate = base::cat(folder.empty() ? "." : folder, "/", name);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(candidate, ignored) && ::access(candidate.c_str(), X_OK) == 0)
      return candidate;
  }
  return std::nullopt;
}

base::Result<ProgramOutcome> run_program(const ProgramRun& run) {
  const std::string& name = run.arguments.at(0);
  const auto program = find_program(name, run.environment);
  if (!program)
    return base::fail(base::Code::not_found, base::cat("there is no program '", name, "' along PATH"));
  OutputPipe output = TRY(OutputPipe::make());
  OutputPipe errors = TRY(OutputPipe::make());
  const pid_t pid =
      TRY(spawn(*program, run, output.write_end(), (run.separate_errors ? errors : output).write_end()));
  output.close_write_end();
  errors.close_write_end();

  int wait_status = 0;
  // A grandchild may keep the pipe open after the program's end, so its end is asked for at every turn.
  while (::waitpid(pid, &wait_status, WNOHANG) == 0) {
    pollfd polls[] = {output.to_poll(), errors.to_poll()};
    ::poll(polls, std::size(polls), kTickMs);
    output.read_waiting();
    errors.read_waiting();
    if (run.go_on()) continue;
    end_group(pid);
    return base::fail(base::Code::cancelled, base::cat("'", name, "' was stopped"));
  }
  output.read_waiting();
  errors.read_waiting();
  return ProgramOutcome{.exit_status = exit_status_of(wait_status),
                        .signal = WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0,
                        .output = std::move(output).text(),
                        .errors = std::move(errors).text()};
}

}  // namespace platform
