// The folder of a run: one process at a time works in it, and a start that came to no update blocks
// nothing.
//
// What a start leaves appears in this order: recipe.json, the image encoder and the tokenizers that
// the run carries, an empty metrics.jsonl, TensorBoard's file, the first checkpoint.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace penalmt {

class RunFolder {
 public:
  // Makes the folder where there is none, and holds it to the end; what dead processes left half
  // written is removed. Throws Error "RUN: in use by process 12 on HOST since ..." where another
  // process holds it, and "RUN: cannot write: ..." where nothing can be written there.
  explicit RunFolder(std::filesystem::path path);
  // Gives it back. Folders that it made go where nothing was written into them.
  ~RunFolder();
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

  // Nothing of anybody's is in it.
  bool is_empty() const;
  // It holds recipe.json and what else a start makes before its first checkpoint, nothing else: it
  // can be begun anew.
  bool holds_mere_start() const;

  // Writes recipe.json. The rest of a mere start is removed first. Throws as write_file
  // (base/files.h).
  void write_recipe(const std::string& text);

 private:
  void lock();
  std::vector<std::filesystem::path> contents() const;  // all but the lock

  std::filesystem::path path_;
  std::vector<std::filesystem::path> made_;  // the outermost first
  int descriptor_ = -1;                      // of the lock
};

}  // namespace penalmt
