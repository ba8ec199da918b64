"""recipes/vision/export.py: weights fit wholly or are refused, the width is the network's own, what cannot be exported is refused in
words. Small networks of random numbers; those of torchvision and timm where the packages are there.

    PENALMT_PYTHON=python build/release/program_tests --gtest_filter='ExportScript*'     or     python tests/program/export_test.py
"""
import argparse
import importlib.util
import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "recipes" / "vision"))
import export
import torch


def has(package):
    return importlib.util.find_spec(package) is not None


class Small(torch.nn.Module):
    def __init__(self, classes=3):
        super().__init__()
        self.first, self.norm, self.fc = torch.nn.Linear(4, 5), torch.nn.BatchNorm1d(5), torch.nn.Linear(5, classes)


class ExportTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def refusal(self, action):
        with self.assertRaises(SystemExit) as refused:
            action()
        return str(refused.exception).replace(str(self.folder) + "/", "")

    def saved(self, state, name="weights.pt"):
        torch.save(state, self.folder / name)
        return self.folder / name

    def refused(self, state):
        path = self.saved(state)
        return self.refusal(lambda: export.load_weights(Small(), path, ("fc",)))

    def test_weights_fit_wholly(self):
        given = Small()
        for state in (given.state_dict(), {"state_dict": given.state_dict()}, {"module." + k: v for k, v in given.state_dict().items()}):
            network = Small()
            export.load_weights(network, self.saved(state), ("fc",))
            self.assertTrue(torch.equal(network.first.weight, given.first.weight))

    def test_the_classifier_may_be_missing_or_of_other_classes(self):
        given = Small(classes=7)
        network = Small()
        export.load_weights(network, self.saved(given.state_dict()), ("fc",))
        self.assertTrue(torch.equal(network.first.weight, given.first.weight))
        export.load_weights(network, self.saved({k: v for k, v in given.state_dict().items() if not k.startswith("fc")}), ("fc",))

    def test_weights_that_do_not_fit_are_refused(self):
        state = Small().state_dict()
        start = "export.py: --weights: weights.pt: does not fit the network; "
        self.assertEqual(self.refused({k: v for k, v in state.items() if k != "first.bias"}), start + "missing: first.bias")
        self.assertEqual(self.refused({"encoder." + k: v for k, v in state.items()}),
                         start + "missing: 6, such as first.weight; not the network's: 9, such as encoder.first.weight")
        self.assertEqual(self.refused(state | {"first.weight": torch.zeros(5, 3)}), start + "of another shape: first.weight")
        self.assertEqual(self.refused({"epoch": 3}), "export.py: --weights: weights.pt: no state dict; expected names and tensors")

    def test_the_width_is_the_networks_own(self):
        self.assertEqual(export.shape_of("m", "grid", (3, 768, 7, 7), 768), (49, 768))
        self.assertEqual(self.refusal(lambda: export.shape_of("m", "grid", (3, 7, 7, 768), 768)),
                         "export.py: m: layout 'grid' gives vectors of 7 numbers, expected 768, the network's own width")
        self.assertEqual(self.refusal(lambda: export.shape_of("m", "grid", (3, 49, 768), 768)),
                         "export.py: m: the network gives shape [3, 49, 768], expected 4 dimensions for layout 'grid'")

    def test_a_network_that_gives_no_tensor_is_refused(self):
        start = "export.py: m: layout 'grid' does not suit the network; "
        self.assertEqual(self.refusal(lambda: export.features_of("m", "grid", lambda x: [x, x], torch.zeros(1))),
                         start + "it gives a list, expected one tensor")
        self.assertEqual(self.refusal(lambda: export.features_of("m", "grid", lambda x: [x, x].permute(0), torch.zeros(1))),
                         start + "AttributeError: 'list' object has no attribute 'permute'")

    def export(self, model, layout, weights):
        export.export(argparse.Namespace(model=model, layout=layout, fit="crop", weights=weights, out=str(self.folder / "out"), check_on=None))
        return json.loads((self.folder / "out/encoder.json").read_text())

    @unittest.skipUnless(has("torchvision"), "no torchvision")
    def test_torchvisions_maps_have_their_channels_first(self):
        import torchvision
        for model, layout, width, regions in (("swin_t", "grid", 768, 49), ("resnet18", "grid", 512, 49), ("vgg11", "pooled", 512, 1),
                                              ("squeezenet1_1", "grid", 512, 169), ("densenet121", "pooled", 1024, 1)):
            network = torchvision.models.get_model(model, weights=None)
            written = self.export("torchvision:" + model, layout, self.saved(network.state_dict()))
            self.assertEqual((model, written["width"], written["regions"]), (model, width, regions))
        weights = self.saved({k: v for k, v in network.state_dict().items() if k != "features.conv0.weight"})
        self.assertEqual(self.refusal(lambda: self.export("torchvision:densenet121", "grid", weights)),
                         "export.py: --weights: weights.pt: does not fit the network; missing: features.conv0.weight")

    @unittest.skipUnless(has("timm"), "no timm")
    def test_timms_networks_are_exported_or_refused_in_words(self):
        import timm
        for model, layout, width, regions in (("vit_tiny_patch16_224", "patches", 192, 196), ("mobilenetv3_small_050", "pooled", 1024, 1),
                                              ("mobilenetv3_small_050", "grid", 288, 49)):
            network = timm.create_model(model, pretrained=False, num_classes=10)
            written = self.export("timm:" + model, layout, self.saved(network.state_dict()))
            self.assertEqual((model, written["width"], written["regions"]), (model, width, regions))
        network = timm.create_model("crossvit_9_240", pretrained=False)
        weights = self.saved(network.state_dict())
        self.assertEqual(self.refusal(lambda: self.export("timm:crossvit_9_240", "grid", weights)),
                         "export.py: timm:crossvit_9_240: layout 'grid' does not suit the network; it gives a list, expected one tensor")


if __name__ == "__main__":
    unittest.main()
