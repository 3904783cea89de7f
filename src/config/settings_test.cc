#include "config/settings.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/temp_dir.h"

namespace config {
namespace {

using Variables = std::map<std::string, std::string, std::less<>>;

base::Result<Settings> load(const Settings::Flags& flags, Variables variables = {}) {
  variables.try_emplace("HOME", "/no/such/home");
  return Settings::load(flags, [variables](std::string_view name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

std::string error_of(const base::Result<Settings>& result) {
  return result ? "no error" : result.error().message;
}

TEST(Settings, TheFlagWinsThenTheVariableThenTheFile) {
  const tests::TempDir dir;
  const std::string file = dir.write("c.toml", "threads = 1\nport = 1\nchunk = 1\n");
  const Settings settings =
      load({{"threads", "3"}}, {{"DOMICILE_CONFIG", file}, {"DOMICILE_THREADS", "2"}, {"DOMICILE_PORT", "2"}})
          .value();
  EXPECT_EQ(settings.integer("threads"), 3);
  EXPECT_EQ(settings.integer("port"), 2);
  EXPECT_EQ(settings.integer("chunk"), 1);
  EXPECT_EQ(settings.text("numerics"), "fast");
  EXPECT_EQ(settings.find("threads")->where, "--threads");
  EXPECT_EQ(settings.find("port")->where, "DOMICILE_PORT");
  EXPECT_EQ(settings.find("chunk")->where, file + ":3");
  EXPECT_EQ(settings.find("numerics")->where, "built in");
}

TEST(Settings, OpenOnesHaveNoValue) {
  const Settings settings = load({}).value();
  EXPECT_EQ(settings.find("threads"), nullptr);
  EXPECT_EQ(settings.integer("threads"), std::nullopt);
  EXPECT_EQ(settings.number("temperature"), std::nullopt);
  EXPECT_EQ(settings.text("api-key"), std::nullopt);
}

TEST(Settings, ReadsTheUsersOwnFileIfThereIsOne) {
  const tests::TempDir dir;
  dir.write(".config/domicile/config.toml", "threads = 5");
  dir.write("xdg/domicile/config.toml", "threads = 6");
  EXPECT_EQ(load({}, {{"HOME", dir.path()}})->integer("threads"), 5);
  EXPECT_EQ(load({}, {{"HOME", dir.path()}, {"XDG_CONFIG_HOME", dir / "xdg"}})->integer("threads"), 6);
  EXPECT_EQ(load({}, {{"HOME", dir.path()}, {"XDG_CONFIG_HOME", "xdg"}})->integer("threads"), 5);
  EXPECT_EQ(load({}, {{"HOME", dir / "xdg"}})->integer("threads"), std::nullopt);
}

TEST(Settings, AModelsTableHoldsForThatModel) {
  const tests::TempDir dir;
  const std::string file =
      dir.write("c.toml",
                "context = 1000\nchunk = 100\n"
                "[model.small]\npath = \"~/small.gguf\"\naliases = [\"gpt-4o\", \"tiny\"]\n"
                "context = 2000\nchunk = 200\nkeep-alive = \"1h\"\n[model.other]\ncontext = 3000\n");
  const Settings settings = load({{"chunk", "64"}}, {{"DOMICILE_CONFIG", file}, {"HOME", "/home/a"}}).value();
  ASSERT_EQ(settings.models().size(), 2u);
  EXPECT_EQ(settings.models()[1].name, "small");
  EXPECT_EQ(settings.models()[1].path, "/home/a/small.gguf");
  EXPECT_EQ(settings.models()[1].aliases, (std::vector<std::string>{"gpt-4o", "tiny"}));
  EXPECT_EQ(settings.integer("context"), 1000);
  EXPECT_EQ(settings.for_model("small").integer("context"), 2000);
  EXPECT_EQ(settings.for_model("small").duration("keep-alive"), std::chrono::hours(1));
  EXPECT_EQ(settings.for_model("small").integer("chunk"), 64) << "the flag wins";
  EXPECT_EQ(settings.for_model("other").integer("context"), 3000);
  EXPECT_EQ(settings.for_model("nobody").integer("context"), 1000);
  EXPECT_EQ(settings.explain_json().find("model.small.context")->find("value")->as_string(), "2000");
  EXPECT_NE(settings.explain_text().find("model.small.aliases  tiny"), std::string::npos);
}

TEST(Settings, AModelsTableTakesOnlyWhatAModelHas) {
  const tests::TempDir dir;
  const auto error = [&](const char* text) {
    return error_of(load({{"config", dir.write("c.toml", text)}}));
  };
  EXPECT_NE(error("[model.a]\nport = 1\n").find("'port' holds for the whole program"), std::string::npos);
  EXPECT_NE(error("[model.a]\npath = 1\n").find("'path' wants a text"), std::string::npos);
  EXPECT_NE(error("[model.a]\naliases = \"b\"\n").find("'aliases' wants a list"), std::string::npos);
  EXPECT_NE(error("[model.a]\naliases = [1]\n").find("'aliases' wants a list"), std::string::npos);
  EXPECT_NE(error("[model.a]\nnothing = 1\n").find("there is no setting 'nothing'"), std::string::npos);
  EXPECT_NE(error("model = 1\n").find("there is no setting 'model'"), std::string::npos);
  EXPECT_NE(error("path = \"x\"\n").find("there is no setting 'path'"), std::string::npos);
}

TEST(Settings, AFileThatWasNamedMustExist) {
  EXPECT_EQ(error_of(load({{"config", "/no/such.toml"}})),
            "configuration file: cannot open '/no/such.toml': No such file or directory");
}

TEST(Settings, ErrorsNameFileAndLine) {
  const tests::TempDir dir;
  const auto complaint = [&](const char* contents) {
    const std::string file = dir.write("c.toml", contents);
    const std::string message = error_of(load({{"config", file}}));
    return message.starts_with(file) ? message.substr(file.size()) : "not about the file: " + message;
  };
  EXPECT_EQ(complaint("port = 1\nthread = 2"), ":2: there is no setting 'thread'; did you mean 'threads'?");
  EXPECT_EQ(complaint("[serve]\nport = 1"),
            ":1: there is no setting 'serve' (`domicile config explain` lists them)");
  EXPECT_EQ(complaint("threads = \"2\""), ":1: 'threads' wants a whole number");
  EXPECT_EQ(complaint("host = 3"), ":1: 'host' wants a text in quotes");
  EXPECT_EQ(complaint("\nport = 70000"), ":2: port: 65535 is the most allowed");
  EXPECT_EQ(complaint("top-p = nan"), ":1: top-p: 'null' is not a number");
  EXPECT_EQ(complaint("config = \"x\""), ":1: 'config' cannot be set in the file that it names");
  EXPECT_TRUE(complaint("port = = 3").starts_with(":1: ")) << complaint("port = = 3");
}

TEST(Settings, ErrorsNameFlagOrVariable) {
  EXPECT_EQ(error_of(load({{"threads", "many"}})), "--threads: 'many' is not a whole number");
  EXPECT_EQ(error_of(load({}, {{"DOMICILE_KV", "fp8"}})),
            "DOMICILE_KV: 'fp8' is not one of f32, bf16, int8 or q4");
  EXPECT_EQ(error_of(load({{"treads", "2"}})), "there is no setting 'treads'; did you mean 'threads'?");
}

TEST(Settings, AnEmptyVariableIsAsGoodAsNone) {
  EXPECT_EQ(load({}, {{"DOMICILE_PORT", ""}})->integer("port"), 11434);
}

TEST(Settings, PathsStartAtTheHomeFolder) {
  EXPECT_EQ(load({}, {{"HOME", "/home/a"}})->text("data-dir"), "/home/a/.local/share/domicile");
  EXPECT_EQ(load({{"data-dir", "~/x"}}, {{"HOME", "/home/a"}})->text("data-dir"), "/home/a/x");
  EXPECT_EQ(load({{"data-dir", "rel/~/x"}}, {{"HOME", "/home/a"}})->text("data-dir"), "rel/~/x");
  EXPECT_TRUE(load({}, {{"HOME", ""}})->text("data-dir")->starts_with("/"));
}

TEST(Settings, ASecretIsNeverShown) {
  const Settings settings = load({}, {{"DOMICILE_API_KEY", "sk-hidden"}}).value();
  EXPECT_EQ(settings.text("api-key"), "sk-hidden");
  EXPECT_EQ(settings.explain_text().find("sk-hidden"), std::string::npos);
  EXPECT_EQ(settings.explain_json().write().find("sk-hidden"), std::string::npos);
  EXPECT_EQ(settings.explain_json().find("api-key")->find("value")->as_string(), "(set)");
  EXPECT_EQ(error_of(load({{"api-key", ""}})), "--api-key: is empty");
}

TEST(Settings, ExplainsEveryOne) {
  const Settings settings = load({{"threads", "2"}}).value();
  EXPECT_EQ(settings.explain_json().find("threads")->write(),
            R"({"value":"2","origin":"command_line","where":"--threads"})");
  EXPECT_EQ(settings.explain_json().find("seed")->write(),
            R"({"value":null,"origin":"built_in","where":"built in"})");
  EXPECT_EQ(settings.explain_json().as_object().size(), all_settings().size());
  EXPECT_NE(settings.explain_text().find("\nthreads        2 "), std::string::npos)
      << settings.explain_text();
}

TEST(Settings, TheTableIsSound) {
  std::set<std::string_view> names;
  for (const Setting& setting : all_settings()) {
    EXPECT_TRUE(names.insert(setting.name).second) << setting.name;
    EXPECT_FALSE(setting.help.empty()) << setting.name;
    EXPECT_EQ(setting.choices.empty(), setting.type != Type::choice) << setting.name;
  }
  EXPECT_EQ(variable_name(*find_setting("data-dir")), "DOMICILE_DATA_DIR");
  EXPECT_EQ(find_setting("nonsense"), nullptr);
  // Defaults are held to the same rules as what users give.
  for (const Setting& setting : all_settings()) {
    if (setting.default_text.empty()) continue;
    const Settings::Flags flags = {{std::string(setting.name), std::string(setting.default_text)}};
    EXPECT_TRUE(load(flags).has_value()) << setting.name;
  }
}

TEST(Settings, TheDocumentShowsTheWholeTable) {
  const std::string document = tests::read_text(DOMICILE_SOURCE_DIR "/docs/configuration.md");
  EXPECT_NE(document.find(settings_markdown()), std::string::npos)
      << "docs/configuration.md lacks this table:\n"
      << settings_markdown();
}

TEST(Settings, TheDocumentsExampleIsTaken) {
  const std::string document = tests::read_text(DOMICILE_SOURCE_DIR "/docs/configuration.md");
  const size_t begin = document.find("```toml\n");
  ASSERT_NE(begin, std::string::npos);
  const size_t text = begin + 8;
  const tests::TempDir dir;
  const std::string file = dir.write("c.toml", document.substr(text, document.find("```", text) - text));
  EXPECT_EQ(load({{"config", file}})->integer("threads"), 4);
}

}  // namespace
}  // namespace config
