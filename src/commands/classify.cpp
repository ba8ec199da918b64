// penalmt classify train|predict: images to classes.
#include <fmt/format.h>
#include <torch/torch.h>

#include <algorithm>

#include "base/error.h"
#include "base/files.h"
#include "base/json.h"
#include "base/printable.h"
#include "base/progress.h"
#include "commands/train/training_command.h"
#include "commands/train/training_processes.h"
#include "datasets/images/image_folder.h"
#include "datasets/text/image_names.h"
#include "tensors/devices.h"
#include "training/classifier_trainer.h"
#include "training/recognition.h"
#include "translation/model_location.h"

namespace penalmt {
namespace {

void warn_of_others(const std::filesystem::path& folder, const std::vector<std::string>& others) {
  if (!others.empty()) warning(about_others(folder, others));
}

void train_classifier(const TrainingArguments& arguments) {
  ClassifierRecipe recipe = load_classifier_recipe(recipe_file(arguments), arguments.assignments);
  RunFolder folder(arguments.out);
  const std::filesystem::path& run = folder.path();
  const auto read_again = [](const std::filesystem::path& file) {
    return config::write(load_classifier_recipe(file, {}));
  };
  const c10::Device device = choose_device(arguments.machine.device);
  recipe.training.precision =
      settled_precision(recipe.training.precision, folder, read_again, device.is_cpu(), kResume);
  check_run_folder(folder, config::write(recipe), read_again, arguments.resume, kResume);
  set_threads(arguments.machine.threads);

  LabelledSplits images =
      read_labelled_splits(recipe.data, recipe.image_encoder.size, arguments.machine.threads);
  warn_of_others(images.root, images.others);
  message(fmt::format("{} classes; {} images to train on, {} to validate on",
                      images.train.classes.size(), with_commas(images.train.count()),
                      with_commas(images.valid.count())));
  folder.write_recipe(config::write(recipe).dump(2) + "\n");

  ClassifierTrainer trainer(recipe, run, std::move(images), device, arguments.resume);
  trainer.run();
  message(fmt::format("{}: done after {} updates; lowest validation nll {:.4f} at update {}",
                      run.string(), trainer.state().update, trainer.state().best_nll,
                      trainer.state().best_update));
}

void train_from_arguments(const TrainingArguments& arguments) {
  expect_one_process("classify train");
  run_training(
      {"classify train", [] { return config::help(ClassifierRecipe{}); },
       [](const TrainingArguments& given) {
         return config::write(load_classifier_recipe(recipe_file(given), given.assignments));
       },
       train_classifier},
      arguments);
}

struct PredictArguments {
  std::string model, folder, labelled;
  std::vector<std::string> images;
  int64_t top = 1;
  bool json = false, skip_broken = false;
  MachineOptions machine;

  template <class Visitor>
  void visit(Visitor& v) {
    visit_model(v, model);
    v("images", images, "images", option().positional());
    v("folder", folder, "a folder of images, with those in its folders", option().value("DIR"));
    v("labelled", labelled, "a folder that holds a folder of images for each class",
      option().value("DIR"));
    v("top", top, "classes of each image, the likeliest first",
      option(config::between(1, 1000000)).value("K"));
    v("json", json, "one JSON object an image, or of --labelled one in all");
    v("skip_broken", skip_broken, "a broken image is left out, and a warning names it");
    machine.visit(v);
  }
};

void check(const PredictArguments& arguments, int64_t classes) {
  const int given =
      !arguments.images.empty() + !arguments.folder.empty() + !arguments.labelled.empty();
  if (given != 1)
    throw Error(
        fmt::format("classify predict: got {}; expected images, --folder DIR or --labelled DIR",
                    given == 0 ? "no images" : "several of them"));
  if (arguments.top > classes)
    throw Error(fmt::format("--top: got {}, expected at most {}, the number of classes",
                            arguments.top, classes));
  if (arguments.top != 1 && !arguments.labelled.empty())
    throw Error("--top: got --labelled too; expected one of them");
  if (arguments.skip_broken && !arguments.labelled.empty())
    throw Error(
        "--skip-broken: got --labelled too; expected one of them: a share is of all images");
  for (const std::string& image : arguments.images)
    if (!std::filesystem::exists(image))
      throw Error(image + ": cannot read: No such file or directory" +
                  did_you_mean_image(names_like(".", image)));
}

// The likeliest classes of one image, the likeliest first, as lines or as one JSON object.
// probabilities: [classes].
std::string prediction(const std::string& name, const at::Tensor& probabilities,
                       const std::vector<std::string>& classes, const PredictArguments& arguments) {
  const auto [best, which] = probabilities.topk(arguments.top);
  std::string lines;
  nlohmann::ordered_json top = nlohmann::ordered_json::array();
  for (int64_t k = 0; k < arguments.top; ++k) {
    const std::string& label = classes[which[k].item<int64_t>()];
    const double probability = best[k].item<double>();
    lines += fmt::format("{}\t{}\t{:.4f}\n", printable(name), printable(label), probability);
    top.push_back({{"class", label}, {"probability", probability}});
  }
  if (!arguments.json) return lines;
  nlohmann::ordered_json object = {{"name", name}};
  object.update(top[0]);
  if (arguments.top > 1) object["top"] = top;
  return dump_json(object) + "\n";
}

// One image after another.
void print_predictions(Classifier& model, const ClassifierDescription& description,
                       const std::vector<std::filesystem::path>& files,
                       const PredictArguments& arguments, c10::Device device) {
  AtomicFile output("-");
  predict_classes(
      model, device, files,
      {description.image_encoder.size, arguments.machine.threads, arguments.skip_broken},
      [&](const std::filesystem::path& file, const at::Tensor& probabilities) {
        output.write(prediction(file.string(), probabilities, description.classes, arguments));
      });
  output.commit();
}

// A line of names or counts below one another, the first column to the left.
std::string table_line(const std::string& first, const std::vector<std::string>& rest,
                       size_t width) {
  std::string line = fmt::format("{:<{}}", first, width);
  for (const std::string& cell : rest) line += fmt::format("  {:>{}}", cell, width);
  return line + "\n";
}

std::string report(const Recognition& found, const std::vector<std::string>& classes, bool json) {
  const int64_t images = found.confusion.sum().item<int64_t>(),
                right = found.confusion.trace().item<int64_t>();
  std::vector<std::vector<int64_t>> counts;
  for (const at::Tensor& row : found.confusion.unbind())
    counts.emplace_back(row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel());
  if (json)
    return nlohmann::ordered_json{
               {"images", images}, {"right", right},     {"accuracy", found.accuracy()},
               {"nll", found.nll}, {"classes", classes}, {"confusion", counts}}
               .dump() +
           "\n";
  size_t width = 7;  // "1000000"
  for (const std::string& label : classes) width = std::max(width, label.size());
  std::string text =
      fmt::format("accuracy {:.2f} % ({} of {} images), nll {:.4f}\n\n", 100 * found.accuracy(),
                  with_commas(right), with_commas(images), found.nll);
  text += table_line("is \\ as", classes, width);
  for (size_t label = 0; label < classes.size(); ++label) {
    std::vector<std::string> cells;
    for (const int64_t count : counts[label]) cells.push_back(std::to_string(count));
    text += table_line(classes[label], cells, width);
  }
  return text;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  const ImageFolder found = images_in(folder);
  if (found.names.empty())
    throw Error(fmt::format("{}: got no images, expected some", folder.string()));
  warn_of_others(folder, found.others);
  std::vector<std::filesystem::path> files;
  for (const std::string& name : found.names) files.push_back(folder / name);
  return files;
}

void predict(const PredictArguments& arguments) {
  const std::filesystem::path folder = model_folder(arguments.model);
  const ClassifierDescription description = read_classifier_description(folder);
  check(arguments, static_cast<int64_t>(description.classes.size()));
  const c10::Device device = choose_device(arguments.machine.device);
  set_threads(arguments.machine.threads);
  Classifier model = read_classifier(folder, description);
  model->to(device);
  if (!arguments.labelled.empty()) {
    const LabelledImages images =
        read_labelled_images(arguments.labelled, description.image_encoder.size,
                             arguments.machine.threads, description.classes);
    warn_of_others(arguments.labelled, images.others);
    AtomicFile output("-");
    output.write(report(recognise(model, images, device), description.classes, arguments.json));
    output.commit();
    return;
  }
  const std::vector<std::filesystem::path> files =
      arguments.folder.empty()
          ? std::vector<std::filesystem::path>(arguments.images.begin(), arguments.images.end())
          : files_in(arguments.folder);
  print_predictions(model, description, files, arguments, device);
}

}  // namespace

Command classify_command() {
  return {
      .footer =
          "Example:\n"
          "  penalmt classify train recipes/cifar10/resnet.json --out runs/resnet\n"
          "  penalmt classify predict runs/resnet --labelled \"$CIFAR10/test\"",
      .commands = {
          named("train",
                "train an image encoder, as those of translation models, to recognise images",
                command<TrainingArguments>(
                    train_from_arguments,
                    "Examples:\n"
                    "  CIFAR10=/path/to/cifar10 penalmt classify train "
                    "recipes/cifar10/resnet.json --out runs/resnet\n"
                    "  penalmt classify train recipes/cifar10/vit.json --set "
                    "data.folder=cifar10 --set tau=0 --out runs/plain\n"
                    "  penalmt classify train --out runs/resnet --resume\n"
                    "  penalmt classify train --fields            every key of a recipe: "
                    "meaning, range, default\n")),
          named("predict", "the class of each image, or how many of labelled images are recognised",
                command<PredictArguments>(
                    predict,
                    "Prints name, class and probability, a tab between; with --labelled the "
                    "accuracy and a table: a row for each class, a column\n"
                    "for what its images were taken for.\n"
                    "Examples:\n"
                    "  penalmt classify predict runs/resnet cat.jpg dog.jpg --top 3\n"
                    "  penalmt classify predict runs/resnet --folder images --json\n"
                    "  penalmt classify predict runs/resnet --labelled \"$CIFAR10/test\""))}};
}

}  // namespace penalmt
