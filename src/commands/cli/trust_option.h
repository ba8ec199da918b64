// --trust-encoder, for commands that open an exported encoder.
#pragma once

namespace CLI {
class App;
}

namespace penalmt {

void add_trust_option(CLI::App& command);

}  // namespace penalmt
