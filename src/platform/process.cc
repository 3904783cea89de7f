#include "platform/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

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
base::Result<pid_t> spawn(const std::string& program, const ProgramRun& run, int output_fd) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, output_fd, STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, output_fd, STDERR_FILENO);
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

// Appends what waits in the pipe; false at its end.
bool read_waiting(int fd, std::string& output) {
  char buffer[16 * 1024];
  for (;;) {
    const ssize_t n = ::read(fd, buffer, sizeof buffer);
    if (n > 0) {
      output.append(buffer, static_cast<size_t>(n));
      if (output.size() > 2 * kKeptOutputBytes) output.erase(0, output.size() - kKeptOutputBytes);
    } else if (n < 0 && errno == EINTR) {
      continue;
    } else {
      return n < 0 && errno == EAGAIN;
    }
  }
}

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
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return os_error("make", "a pipe", errno);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  ::fcntl(read_end.get(), F_SETFL, O_NONBLOCK);
  const pid_t pid = TRY(spawn(*program, run, write_end.get()));
  write_end.reset();

  std::string output;
  bool pipe_open = true;
  int wait_status = 0;
  // A grandchild may keep the pipe open after the program's end, so its end is asked for at every turn.
  while (::waitpid(pid, &wait_status, WNOHANG) == 0) {
    struct pollfd poll = {pipe_open ? read_end.get() : -1, POLLIN, 0};
    ::poll(&poll, 1, kTickMs);
    if (pipe_open) pipe_open = read_waiting(read_end.get(), output);
    if (run.go_on()) continue;
    end_group(pid);
    return base::fail(base::Code::cancelled, base::cat("'", name, "' was stopped"));
  }
  if (pipe_open) read_waiting(read_end.get(), output);
  if (output.size() > kKeptOutputBytes) output.erase(0, output.size() - kKeptOutputBytes);
  return ProgramOutcome{exit_status_of(wait_status), std::move(output)};
}

}  // namespace platform
