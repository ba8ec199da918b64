// penalmt serve: a model behind a page and an API.
#include <fmt/format.h>

#include <thread>

#include "base/error.h"
#include "base/files.h"
#include "base/interrupt.h"
#include "base/progress.h"
#include "commands/cli/command.h"
#include "commands/cli/foreign_errors.h"
#include "commands/cli/shared_options.h"
#include "commands/cli/source_length.h"
#include "datasets/features/script_trust.h"
#include "serving/given_images.h"
#include "serving/http_server.h"
#include "tensors/devices.h"
#include "translation/raw_text.h"
#include "translation/translator.h"

namespace penalmt {
namespace {

constexpr std::size_t kShortestToken = 16;

struct ServeArguments {
  std::string model, host = "127.0.0.1", token_file, encoder;
  int64_t port = 8080, megabytes = 20, megapixels = 50, most_waiting = 1000, seconds = 60;
  std::optional<int64_t> beam, longest;
  std::optional<std::string> precision, target_language;
  bool raw = false, trust_encoder = false;
  MachineOptions machine;

  template <class Visitor>
  void visit(Visitor& v) {
    visit_model(v, model);
    v("port", port, "where to listen; 0: a port that is free", config::between(0, 65535));
    v("host", host,
      "the interface's name or address; 0.0.0.0: all, which other machines reach, too, and which "
      "needs --token-file",
      option().value("HOST"));
    v("token_file", token_file,
      "a file with a token that requests to translate must bear: Authorization: Bearer TOKEN, or "
      "the field api_key",
      option().value("FILE"));
    v("raw", raw,
      "text as people write it, for a model of tokenised lower-cased text (data.text tok)");
    visit_target_language(v, target_language);
    visit_beam(v, beam);
    visit_product_format(v, precision);
    v("encoder", encoder, "the exported encoder of a model that takes features and carries none",
      option().value("DIR"));
    visit_trust(v, trust_encoder);
    v("max_source_length", longest,
      "pieces that a line may have, its end counted; default: what the model's learned positions "
      "serve, else 512",
      config::between(2, 1000000));
    v("max_body", megabytes, "megabytes of a request, its image with it", config::between(1, 200));
    v("max_pixels", megapixels, "millions of pixels of an image", config::between(1, 200));
    v("max_waiting", most_waiting, "lines that wait, or that a request has, at most",
      config::between(1, 1000000));
    v("timeout", seconds, "seconds for a request to arrive, and for its translation",
      option(config::between(1, 3600)).value("SECONDS"));
    machine.visit(v);
  }
};

// Throws Error where there is none, or one that can be guessed.
std::string read_token(const std::string& file) {
  std::string token = read_file(file);
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  if (token.size() < kShortestToken || token.find_first_of(" \t\r\n") != std::string::npos)
    throw Error(
        fmt::format("{}: expected one token of at least {} characters without spaces, as "
                    "openssl rand -hex 16 prints",
                    file, kShortestToken));
  return token;
}

ServerOptions server_options(const ServeArguments& arguments) {
  ServerOptions options{.host = arguments.host,
                        .port = static_cast<int>(arguments.port),
                        .most_body = arguments.megabytes * 1'000'000,
                        .time = std::chrono::seconds(arguments.seconds),
                        .name = arguments.model};
  options.in_words = [](const std::exception& error) {
    const auto* mistake = dynamic_cast<const Error*>(&error);
    return mistake != nullptr ? std::string(mistake->what()) : in_words(error).text;
  };
  if (!arguments.token_file.empty())
    options.token = read_token(arguments.token_file);
  else if (!is_loopback(arguments.host))
    throw Error(
        fmt::format("--host: got {}, which other machines reach; expected a --token-file with it",
                    arguments.host));
  return options;
}

ServiceOptions service_options(const ServeArguments& arguments, const Translator& translator) {
  ServiceOptions options{
      .search = translator.default_search(),
      .threads = arguments.machine.threads,
      .longest = LengthCheck({.longest = arguments.longest}, translator).longest(),
      .most_waiting = arguments.most_waiting,
      .most_pixels = arguments.megapixels * 1'000'000};
  options.search.beam = arguments.beam.value_or(options.search.beam);
  return options;
}

// Until a signal comes.
void answer_requests(HttpServer& server, const ServeArguments& arguments) {
  const AwaitedSignal signal;
  std::thread thread([&] { server.run(); });
  fmt::print("{}\n", server.address());
  std::fflush(stdout);
  message(fmt::format("{}: answers at {}; Ctrl-C ends it", arguments.model, server.address()));
  signal.wait();
  message("ending: what was begun is answered first; a second Ctrl-C ends it at once");
  server.end();
  thread.join();
  message(fmt::format("{} request{} answered", with_commas(server.answered()),
                      server.answered() == 1 ? "" : "s"));
}

void serve(const ServeArguments& arguments) {
  if (arguments.trust_encoder) trust_all_scripts();
  const ServerOptions options = server_options(arguments);
  Translator translator =
      Translator::open(arguments.model, choose_device(arguments.machine.device));
  if (arguments.target_language) translator.set_target_language(*arguments.target_language);
  std::optional<RawText> raw;
  if (arguments.raw) raw.emplace(translator.description(), arguments.model, "--raw");
  if (!arguments.raw && translator.description().text == "tok")
    message(arguments.model +
            ": a model of lower-cased, tokenised text; --raw takes text as people write it");
  std::optional<ImageReader> images;
  if (translator.uses_images())
    images.emplace(translator, arguments.encoder, "an encoder (--encoder)");
  else if (!arguments.encoder.empty())
    throw Error(arguments.model +
                ": a text-only model, which would not look at an image; got --encoder");
  translator.set_format(
      product_format(arguments.precision.value_or(translator.description().decoding.precision)));
  TranslationService service(translator, raw ? &*raw : nullptr, images ? &*images : nullptr,
                             service_options(arguments, translator));
  std::optional<HttpServer> server;
  try {
    server.emplace(options, service);
  } catch (const PortInUse& error) {
    throw Error(std::string(error.what()) + "; --port 0 takes one that is free");
  }
  answer_requests(*server, arguments);
}

constexpr const char* kServeHelp =
    "Prints its address once it answers. Ctrl-C or SIGTERM ends it: what was begun is answered, "
    "then it exits with status 0.\n"
    "GET / is a page: type a sentence, drop an image, see the translations with it and without it, "
    "and where each word looked. It needs no network but this server.\n"
    "POST /translate is LibreTranslate's: q (a text or a list of texts), source, target, format "
    "(text), alternatives; and image (the file, in base64 or as a part of multipart/form-data) and "
    "n_best. The answer has translatedText, alternatives and what penalmt translate --json prints: "
    "source, translation, score, tokens, n_best, image_use; for a list, and a text of several "
    "lines, these are in translations. What is wrong is answered with a status of 400 or more and "
    "{\"error\": \"a sentence\"}.\n"
    "GET /languages and GET /health answer as LibreTranslate does.\n"
    "Requests that come together are translated together. Pages of other origins are refused. For "
    "the internet, put a server that speaks HTTPS in front.\n"
    "Examples:\n"
    "  penalmt serve runs/shapes\n"
    "  curl -s localhost:8080/translate -F q=\"a circle .\" -F image=@image.png\n"
    "  curl -s localhost:8080/translate -H 'Content-Type: application/json' -d '{\"q\": [\"a dog "
    ".\", \"a cat .\"], \"target\": \"de\"}'\n"
    "  openssl rand -hex 16 > token; penalmt serve runs/shapes --host 0.0.0.0 --token-file token\n"
    "  curl -s http://HOST:8080/translate -H \"Authorization: Bearer $(cat token)\" -F q=\"a dog "
    ".\"";

}  // namespace

Command serve_command() { return command<ServeArguments>(serve, kServeHelp); }

}  // namespace penalmt
