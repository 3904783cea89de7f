#!/usr/bin/env python3
"""Drives the real server with the official Ollama client.

    ollama_client_test.py PROGRAM MODEL

starts `PROGRAM serve MODEL` and checks what the client makes of its replies. Any model will do: its words do not
matter, only that whole and streamed replies agree and that every field does as it says.
"""
import sys
import unittest

import ollama

import house

PROGRAM, MODEL = "", ""
KEY = "sk-of-this-test"


class House(house.House):
    def __init__(self, *flags):
        super().__init__(PROGRAM, MODEL, *flags)

    def client(self, **more):
        return ollama.Client(host=self.url, timeout=120, **more)


class OllamaClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.client = cls.house.client()
        cls.model = cls.client.list().models[0].model
        cls.messages = [{"role": "user", "content": "Count from one to five."}]

    @classmethod
    def tearDownClass(cls):
        cls.house.stop()

    def chat(self, options={}, **fields):
        fields = {"model": self.model, "messages": self.messages, **fields}
        return self.client.chat(options={"num_predict": 12, "seed": 1, **options}, **fields)

    def generate(self, prompt, options={}, **fields):
        return self.client.generate(model=self.model, prompt=prompt, options={"num_predict": 12, "seed": 1, **options},
                                    **fields)

    def refusal(self, call, *args, status=400, **fields):
        with self.assertRaises(ollama.ResponseError) as caught:
            call(*args, **fields)
        self.assertEqual(caught.exception.status_code, status)
        return caught.exception.error

    def test_models(self):
        self.assertTrue(self.model.endswith(":latest"))
        running = self.client.ps().models[0]
        self.assertEqual(running.model, self.model)
        self.assertGreater(running.context_length, 0)
        shown = self.client.show(self.model)
        self.assertIn("completion", shown.capabilities)
        self.assertEqual(shown.modelinfo["general.architecture"], shown.details.family)
        self.assertIn("im_start", shown.template)

    def test_chat_streamed_is_the_same(self):
        whole = self.chat()
        pieces = list(self.chat(stream=True))
        self.assertEqual("".join(p.message.content for p in pieces), whole.message.content)
        self.assertEqual([p.done for p in pieces], [False] * (len(pieces) - 1) + [True])
        last = pieces[-1]
        self.assertEqual((last.done_reason, last.eval_count), (whole.done_reason, whole.eval_count))
        self.assertGreater(last.prompt_eval_count, 0)
        self.assertGreater(last.total_duration, 0)
        self.assertGreaterEqual(last.total_duration, last.eval_duration)

    def test_generate_and_its_context(self):
        first = self.generate("Count from one to five.", system="You are terse.")
        self.assertEqual("".join(p.response for p in self.generate("Count from one to five.", system="You are terse.",
                                                                   stream=True)), first.response)
        second = self.generate("Go on.", context=first.context)
        self.assertGreater(second.prompt_eval_count, len(first.context))

    def test_raw(self):
        self.assertLess(self.generate("One, two,", raw=True).prompt_eval_count,
                        self.generate("One, two,").prompt_eval_count)

    def test_stop_and_logprobs(self):
        text = self.chat({"temperature": 0}).message.content
        stop = text[len(text) // 2:len(text) // 2 + 3]
        reply = self.chat({"temperature": 0, "stop": [stop]})
        self.assertEqual(reply.message.content, text[:text.index(stop)])
        self.assertEqual(reply.done_reason, "stop")
        reply = self.chat({"temperature": 0}, logprobs=True, top_logprobs=2)
        self.assertEqual("".join(entry.token for entry in reply.logprobs), reply.message.content)
        self.assertEqual(len(reply.logprobs[0].top_logprobs), 2)

    def test_loading_and_letting_go(self):
        self.assertEqual(self.client.generate(model=self.model).done_reason, "load")
        self.assertEqual(self.client.chat(model=self.model, messages=[]).done_reason, "load")

    def test_a_long_conversation_is_cut(self):
        turn = [{"role": "user", "content": "word " * 40}, {"role": "assistant", "content": "yes"}]
        reply = self.chat({"num_ctx": 200}, messages=[*turn * 20, *self.messages])
        self.assertLess(reply.prompt_eval_count, 200)
        error = self.refusal(self.chat, {"num_ctx": 200}, messages=[{"role": "user", "content": "word " * 400}])
        self.assertIn("200", error)

    def test_aliases(self):
        self.assertEqual(self.client.create("terse", from_=self.model, system="You are terse.",
                                            parameters={"num_predict": 3, "temperature": 0}).status, "success")
        reply = self.client.chat("terse", self.messages)
        self.assertEqual((reply.eval_count, reply.done_reason), (3, "length"))
        self.assertIn("terse:latest", [m.model for m in self.client.list().models])
        self.assertEqual(self.client.copy("terse", "terser").status, "success")
        self.assertEqual(self.client.delete("terser").status, "success")
        self.refusal(self.client.show, "terser", status=404)
        list(self.client.create("streamed", from_="terse", stream=True))

    def test_pull(self):
        self.assertIn("catalogue", self.refusal(self.client.pull, "no-such-model", status=404))
        self.refusal(self.client.pull, "/etc/passwd", status=404)

    def test_errors(self):
        self.assertIn("not found", self.refusal(self.client.chat, "no-such-model", self.messages, status=404))
        self.assertIn("no embeddings", self.refusal(self.client.embed, self.model, "x"))
        self.assertIn("no embeddings", self.refusal(self.client.embeddings, self.model, "x"))
        self.assertIn("format", self.refusal(self.chat, format="json"))
        self.assertIn("options.top_p", self.refusal(self.chat, {"top_p": 7}))
        tool = {"type": "function", "function": {"name": "f", "description": "", "parameters": {"type": "object"}}}
        self.assertIn("tools", self.refusal(self.chat, tools=[tool]))
        self.assertIn("images", self.refusal(self.chat, messages=[{"role": "user", "content": "x", "images": ["AA=="]}]))


class Keys(unittest.TestCase):
    def test_a_key_is_needed_if_there_is_one(self):
        guarded = House("--api-key", KEY)
        try:
            guarded.client(headers={"authorization": f"Bearer {KEY}"}).list()
            with self.assertRaises(ollama.ResponseError) as caught:
                guarded.client().list()
            self.assertEqual(caught.exception.status_code, 401)
        finally:
            guarded.stop()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: ollama_client_test.py PROGRAM MODEL [unittest arguments]")
    PROGRAM, MODEL = sys.argv[1], sys.argv[2]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
