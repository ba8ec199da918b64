#include "datasets/features/script_archive.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <caffe2/serialize/inline_container.h>
#include <caffe2/serialize/read_adapter_interface.h>
#include <fmt/format.h>
#include <torch/csrc/jit/operator_upgraders/upgraders_entry.h>
#include <torch/csrc/jit/serialization/import_read.h>
#include <torch/csrc/jit/serialization/import_source.h>

#include "base/error.h"
#include "base/printable.h"
#include "datasets/features/script_operators.h"
#include "datasets/features/script_pickle.h"
#include "datasets/features/script_trust.h"

namespace penalmt {
namespace {

namespace fs = std::filesystem;
namespace jit = torch::jit;

constexpr std::size_t kLongestStatement = 4000;  // characters
constexpr int kDeepestBrackets = 50, kDeepestIndent = 200, kMostBranches = 100;

class BytesInMemory : public caffe2::serialize::ReadAdapterInterface {
 public:
  explicit BytesInMemory(std::string_view bytes) : bytes_(bytes) {}
  size_t size() const override { return bytes_.size(); }
  size_t read(uint64_t at, void* to, size_t count, const char*) const override {
    if (at >= bytes_.size()) return 0;
    count = std::min<size_t>(count, bytes_.size() - at);
    std::memcpy(to, bytes_.data() + at, count);
    return count;
  }

 private:
  std::string_view bytes_;
};

// The compiler calls itself for each level of what it reads: text that goes on without end would
// overflow its stack. No code that was exported comes near these bounds.
bool is_endless(std::string_view code) {
  if (code.find("\"\"\"") != std::string_view::npos || code.find("'''") != std::string_view::npos)
    return true;
  int depth = 0, branches = 0;
  std::size_t statement = 0, indent = 0;
  bool at_line_begin = true;
  char quote = '\0';
  for (std::size_t i = 0; i < code.size(); ++i) {
    const char c = code[i];
    if (++statement > kLongestStatement) return true;
    if (c == '\n') {
      quote = '\0';
      if (depth <= 0) statement = 0;
      at_line_begin = true;
      indent = 0;
    } else if (at_line_begin && (c == ' ' || c == '\t')) {
      if (++indent > kDeepestIndent) return true;
    } else {
      at_line_begin = false;
    }
    if (quote != '\0') {
      if (c == '\\') ++i;
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' || c == '[' || c == '{') {
      if (++depth > kDeepestBrackets) return true;
    } else if (c == ')' || c == ']' || c == '}') {
      --depth;
    } else if (code.substr(i).starts_with("elif") && ++branches > kMostBranches) {
      return true;
    }
  }
  return false;
}

class Archive {
 public:
  Archive(std::string_view bytes, const fs::path& name, c10::Device device)
      : name_(name),
        device_(device),
        reader_(std::make_shared<BytesInMemory>(bytes)),
        unit_(std::make_shared<jit::CompilationUnit>()),
        importer_(
            unit_, &constants_, [this](const std::string& qualifier) { return source(qualifier); },
            reader_.version()) {}

  jit::Module open() {
    jit::populate_upgraders_graph_map();
    for (const c10::IValue& constant : read("constants").toTupleRef().elements())
      constants_.push_back(constant);
    jit::Module module(read("data").toObject());
    check_operators();
    return module;
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw Error(fmt::format(
        "{}: {}, as no image network does; it could do anything in your name; if you trust who "
        "made it, let all scripts be trusted (trust_encoder)",
        name_.string(), what));
  }

  std::string record(const std::string& name) {
    const auto [data, size] = reader_.getRecord(name);
    return {static_cast<const char*>(data.get()), size};
  }

  // "__torch__.torch.nn" is in code/__torch__/torch/nn.py.
  std::shared_ptr<jit::Source> source(const std::string& qualifier) {
    std::string path = "code/" + qualifier + ".py";
    std::replace(path.begin() + 5, path.end() - 3, '.', '/');
    if (!reader_.hasRecord(path)) return nullptr;
    std::string code = record(path);
    if (is_endless(code)) refuse("its code has statements without end");
    return std::make_shared<jit::Source>(std::move(code), path, 1);
  }

  c10::IValue read(const std::string& archive) {
    if (const auto unfit = unfit_in_pickle(record(archive + ".pkl")))
      refuse(fmt::format("its {}.pkl {}", archive, *unfit));
    const auto resolve = [this](const c10::QualifiedName& name) {
      return c10::StrongTypePtr(unit_, importer_.loadType(name));
    };
    const auto load = [this](const c10::StrongTypePtr& type, const c10::IValue& state) {
      const auto of = type.type_->expect<c10::ClassType>();
      if (of->findMethod("__setstate__") != nullptr)
        refuse(fmt::format("its class {} runs code while it is loaded (__setstate__)",
                           of->name()->qualifiedName()));
      auto object = c10::ivalue::Object::create(type, of->numAttributes());
      const auto fields = state.toGenericDict();
      for (std::size_t i = 0; i < of->numAttributes(); ++i)
        object->setSlot(i, fields.at(of->getAttributeName(i)));
      return object;
    };
    return jit::readArchiveAndTensors(archive, "", "", resolve, load, device_, reader_);
  }

  // Compiling one function may bring in others.
  void check_operators() {
    for (std::size_t i = 0; i < unit_->get_functions().size(); ++i) {
      jit::Function* function = unit_->get_functions()[i];
      function->ensure_defined();
      check(jit::toGraphFunction(*function).graph()->block());
    }
  }
  void check(const jit::Block* block) {
    for (const jit::Node* node : block->nodes()) {
      if (!is_image_operator(node->kind().toQualString()))
        refuse(fmt::format("its code calls {}", node->kind().toQualString()));
      for (const jit::Block* inner : node->blocks()) check(inner);
    }
  }

  fs::path name_;
  c10::Device device_;
  caffe2::serialize::PyTorchStreamReader reader_;
  std::vector<c10::IValue> constants_;  // the importer keeps its address
  std::shared_ptr<jit::CompilationUnit> unit_;
  jit::SourceImporter importer_;
};

std::atomic<bool> all_are_trusted = false;

}  // namespace

void trust_all_scripts() { all_are_trusted = true; }
bool all_scripts_are_trusted() { return all_are_trusted; }

jit::Module open_script(std::string_view bytes, const fs::path& name, c10::Device device) {
  try {
    if (all_scripts_are_trusted()) return jit::load(std::make_shared<BytesInMemory>(bytes), device);
    return Archive(bytes, name, device).open();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const c10::Error& error) {
    throw Error(name.string() + ": no TorchScript module that can be run: " +
                first_line(error.what_without_backtrace()));
  } catch (const std::exception& error) {  // the compiler's own kinds
    throw Error(name.string() +
                ": no TorchScript module that can be run: " + first_line(error.what()));
  }
}

}  // namespace penalmt
