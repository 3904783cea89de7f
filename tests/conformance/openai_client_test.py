#!/usr/bin/env python3
"""Drives the real server with the official OpenAI client.

    openai_client_test.py PROGRAM MODEL

starts `PROGRAM serve MODEL`, once without and once with a key, and checks what the client makes of its replies. Any
model will do: its words do not matter, only that whole and streamed replies agree and that every field does as it says.
"""
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

import openai

import house

PROGRAM, MODEL = "", ""
KEY = "sk-of-this-test"


class House(house.House):
    def __init__(self, *flags):
        super().__init__(PROGRAM, MODEL, *flags)

    def client(self, key="none"):
        return openai.OpenAI(base_url=self.url + "/v1", api_key=key, max_retries=0, timeout=120)



class OpenAiClient(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.house = House()
        cls.client = cls.house.client()
        cls.model = cls.client.models.list().data[0].id
        cls.messages = [{"role": "user", "content": "Count from one to five."}]

    @classmethod
    def tearDownClass(cls):
        assert cls.house.stop() == 0, "SIGTERM has to end the server with status 0"

    def chat(self, **fields):
        fields = {"model": self.model, "messages": self.messages, "max_tokens": 12, "seed": 1, **fields}
        return self.client.chat.completions.create(**fields)

    def complete(self, **fields):
        fields = {"model": self.model, "prompt": "One, two,", "max_tokens": 12, "seed": 1, **fields}
        return self.client.completions.create(**fields)

    def test_the_next_turn_finds_the_answer_whatever_its_tokens(self):
        messages = [{"role": "user", "content": "Tell me a story about a crab, with odd words."}]
        known = 0
        for turn in range(4):
            # At this temperature answers are seldom the tokens that their text alone would give.
            reply = self.client.chat.completions.create(model=self.model, messages=messages, max_tokens=80, temperature=1.3,
                                                        seed=turn)
            self.assertGreaterEqual(reply.usage.prompt_tokens_details.cached_tokens, known - 1)
            known = reply.usage.total_tokens
            messages += [{"role": "assistant", "content": reply.choices[0].message.content},
                         {"role": "user", "content": "Go on."}]

    def test_several_choices_are_those_of_their_seeds(self):
        many = self.chat(n=3, temperature=1.2)
        self.assertEqual([choice.index for choice in many.choices], [0, 1, 2])
        for i, choice in enumerate(many.choices):
            alone = self.chat(seed=1 + i, temperature=1.2)
            self.assertEqual(choice.message.content, alone.choices[0].message.content)
        self.assertEqual(many.usage.prompt_tokens, alone.usage.prompt_tokens)

    def test_echo_shows_prompt_and_its_logprobs(self):
        reply = self.complete(echo=True, logprobs=2, max_tokens=3, temperature=0)
        choice = reply.choices[0]
        self.assertTrue(choice.text.startswith("One, two,"))
        self.assertIsNone(choice.logprobs.token_logprobs[0])
        self.assertEqual("".join(choice.logprobs.tokens), choice.text)
        self.assertEqual(len(choice.logprobs.tokens), reply.usage.total_tokens)
        pieces = list(self.complete(echo=True, logprobs=2, max_tokens=3, temperature=0, stream=True))
        self.assertEqual("".join(piece.choices[0].text for piece in pieces), choice.text)

    def test_best_of_gives_the_likeliest(self):
        reply = self.complete(best_of=4, n=1, temperature=1.2, logprobs=0)
        mean = lambda choice: sum(choice.logprobs.token_logprobs) / len(choice.logprobs.token_logprobs)
        each = [self.complete(seed=1 + i, temperature=1.2, logprobs=0).choices[0] for i in range(4)]
        self.assertEqual(reply.choices[0].text, max(each, key=mean).text)

    def test_penalties_and_biases(self):
        plain = self.chat(temperature=0, max_tokens=30)
        first = self.chat(temperature=0, max_tokens=1, logprobs=True, top_logprobs=1).choices[0].logprobs.content[0]
        self.assertNotEqual(plain.choices[0].message.content,
                            self.chat(temperature=0, max_tokens=30, frequency_penalty=2).choices[0].message.content)
        ids = self.complete(prompt=first.token, max_tokens=1, extra_body={"prompt_logprobs": 0})
        self.assertEqual(ids.choices[0].prompt_logprobs[0], None)
        only = self.chat(temperature=1, max_tokens=3, extra_body={"allowed_token_ids": [28]})
        self.assertEqual(len(set(only.choices[0].message.content)), 1)

    def test_models(self):
        models = self.client.models.list().data
        self.assertEqual(self.client.models.retrieve(models[0].id).id, models[0].id)
        with self.assertRaises(openai.NotFoundError):
            self.client.models.retrieve("no-such-model")

    def test_chat_whole(self):
        reply = self.chat()
        self.assertTrue(reply.id.startswith("chatcmpl-"))
        self.assertEqual(reply.object, "chat.completion")
        self.assertIn(reply.choices[0].finish_reason, ("stop", "length"))
        self.assertEqual(reply.choices[0].message.role, "assistant")
        self.assertLessEqual(reply.usage.completion_tokens, 12)
        self.assertGreater(reply.usage.prompt_tokens, 0)
        self.assertEqual(reply.usage.total_tokens, reply.usage.prompt_tokens + reply.usage.completion_tokens)
        self.assertLess(abs(reply.created - time.time()), 60)

    def test_chat_streamed_is_the_same(self):
        whole = self.chat(temperature=1.5)
        chunks = list(self.chat(temperature=1.5, stream=True))
        text = "".join(c.choices[0].delta.content or "" for c in chunks)
        self.assertEqual(text, whole.choices[0].message.content)
        self.assertEqual(chunks[0].choices[0].delta.role, "assistant")
        self.assertEqual(chunks[-1].choices[0].finish_reason, whole.choices[0].finish_reason)
        self.assertEqual(len({(c.id, c.created) for c in chunks}), 1)
        self.assertTrue(all(c.usage is None for c in chunks))

    def test_usage_chunk_when_asked_for(self):
        chunks = list(self.chat(stream=True, stream_options={"include_usage": True}))
        self.assertEqual(chunks[-1].choices, [])
        self.assertGreater(chunks[-1].usage.completion_tokens, 0)
        self.assertTrue(all(c.usage is None for c in chunks[:-1]))

    def test_stream_helper_of_the_client(self):
        text = ""
        with self.client.chat.completions.stream(
                model=self.model, messages=self.messages, max_tokens=12, seed=1) as stream:
            for event in stream:
                text += event.delta if event.type == "content.delta" else ""
            self.assertEqual(stream.current_completion_snapshot.choices[0].message.content, text)
        self.assertEqual(text, self.chat().choices[0].message.content)

    def test_same_seed_same_answer(self):
        texts = {self.chat(temperature=2, seed=7).choices[0].message.content for _ in range(3)}
        self.assertEqual(len(texts), 1)
        many = {self.chat(temperature=2, seed=s, max_tokens=16).choices[0].message.content for s in range(5)}
        self.assertGreater(len(many), 1)

    def test_logprobs(self):
        reply = self.chat(logprobs=True, top_logprobs=3, temperature=0)
        entries = reply.choices[0].logprobs.content
        self.assertGreater(len(entries), 0)
        joined = b"".join(bytes(e.bytes) for e in entries)
        self.assertEqual(joined.decode(errors="replace"), reply.choices[0].message.content)
        for entry in entries:
            self.assertLessEqual(entry.logprob, 0)
            self.assertEqual(len(entry.top_logprobs), 3)
            self.assertEqual(entry.top_logprobs[0].token, entry.token)  # greedy
        hot = self.chat(logprobs=True, top_logprobs=3, temperature=2).choices[0].logprobs.content
        self.assertEqual([t.logprob for t in hot[0].top_logprobs], [t.logprob for t in entries[0].top_logprobs])

    def test_stop_strings(self):
        text = self.chat(temperature=0, max_tokens=24).choices[0].message.content
        for length in range(1, 6):
            for start in range(0, max(1, len(text) - length), 3):
                stop = text[start:start + length]
                expected = text[:text.index(stop)]
                reply = self.chat(temperature=0, max_tokens=24, stop=[stop])
                self.assertEqual(reply.choices[0].message.content, expected)
                chunks = self.chat(temperature=0, max_tokens=24, stop=stop, stream=True)
                self.assertEqual("".join(c.choices[0].delta.content or "" for c in chunks), expected)

    def test_completions(self):
        whole = self.complete(temperature=0)
        self.assertTrue(whole.id.startswith("cmpl-"))
        self.assertEqual(whole.object, "text_completion")
        self.assertEqual("".join(c.choices[0].text for c in self.complete(temperature=0, stream=True)),
                         whole.choices[0].text)
        several = self.complete(prompt=["One, two,", "One, two,"], temperature=0)
        self.assertEqual([c.index for c in several.choices], [0, 1])
        self.assertEqual(several.choices[1].text, whole.choices[0].text)
        ids = self.complete(prompt=[1, 2, 3], max_tokens=4, logprobs=2)
        self.assertEqual(ids.usage.prompt_tokens, 3)
        self.assertEqual(len(ids.choices[0].logprobs.tokens), len(ids.choices[0].logprobs.token_logprobs))

    def test_ignore_eos_gives_every_token(self):
        reply = self.complete(max_tokens=40, extra_body={"ignore_eos": True})
        self.assertEqual(reply.usage.completion_tokens, 40)
        self.assertEqual(reply.choices[0].finish_reason, "length")

    def test_errors_name_the_field(self):
        for fields in ({"temperature": 9}, {"tools": [{"type": "function", "function": {"name": "f"}}]},
                       {"n": 0}, {"response_format": {"type": "json_object"}}, {"presence_penalty": 3},
                       {"logit_bias": {"x": 1}}):
            with self.assertRaises(openai.BadRequestError) as caught:
                self.chat(**fields)
            self.assertEqual(caught.exception.param, next(iter(fields)))
            self.assertEqual(caught.exception.type, "invalid_request_error")
            self.assertTrue(caught.exception.request_id)

    def test_errors_have_their_own_class(self):
        with self.assertRaises(openai.NotFoundError) as caught:
            self.chat(model="no-such-model")
        self.assertEqual(caught.exception.code, "model_not_found")
        with self.assertRaises(openai.BadRequestError) as caught:
            self.chat(messages=[{"role": "user", "content": "word " * 200_000}])
        self.assertEqual(caught.exception.code, "context_length_exceeded")
        with self.assertRaises(openai.BadRequestError) as caught:
            self.chat(messages=[*self.messages, {"role": "system", "content": "late"}])
        self.assertIn("the system message has to be the first", caught.exception.message)
        with self.assertRaises(openai.BadRequestError):
            self.chat(extra_body={"chat_template_kwargs": {"chat_template": "{{ 1 }}"}})
        with self.assertRaises(openai.BadRequestError) as caught:
            self.complete(prompt=[1, 99_999_999])
        self.assertEqual(caught.exception.param, "prompt")

    def test_fields_without_effect_are_listed(self):
        reply = self.client.chat.completions.with_raw_response.create(
            model=self.model, messages=self.messages, max_tokens=1, user="me", extra_body={"mystery": 1})
        self.assertEqual(reply.headers["x-ignored-fields"], "user, mystery")
        self.assertTrue(reply.headers["x-request-id"].startswith("req_"))

    def test_text_parts_are_joined(self):
        parts = [{"role": "user", "content": [{"type": "text", "text": "Count from one"},
                                              {"type": "text", "text": " to five."}]}]
        self.assertEqual(self.chat(messages=parts, temperature=0).choices[0].message.content,
                         self.chat(temperature=0).choices[0].message.content)

    def test_a_client_that_leaves_does_not_hold_up_the_next(self):
        for _ in range(5):
            stream = self.chat(stream=True, max_tokens=2000, extra_body={"ignore_eos": True})
            next(iter(stream))
            stream.close()
        self.chat(max_tokens=2)

    def test_health_during_prefill(self):
        n = min(3000, self.client.models.list().data[0].max_model_len - 2)
        long_one = threading.Thread(target=lambda: self.complete(prompt=[5] * n, max_tokens=1))
        long_one.start()
        while long_one.is_alive():
            started = time.monotonic()
            self.assertEqual(self.house.get("/health").status, 200)
            self.assertLess(time.monotonic() - started, 0.5)  # 50 ms on an idle machine; tests share theirs
            time.sleep(0.02)
        long_one.join()


class Keys(unittest.TestCase):
    def test_a_key_guards_all_but_health(self):
        house = House("--api-key", KEY)
        try:
            self.assertEqual(house.get("/v1/models").status, 401)
            self.assertEqual(house.get("/v1/models", {"x-api-key": KEY}).status, 200)
            house.client(KEY).models.list()
            with self.assertRaises(openai.AuthenticationError) as caught:
                house.client("wrong").models.list()
            self.assertEqual(caught.exception.code, "invalid_api_key")
            self.assertNotIn(KEY, "".join(house.said))
        finally:
            house.stop()

    def test_keys_of_a_file(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(f"# ours\n{KEY}\n\n  sk-second  \n")
            file.flush()
            house = House("--api-key-file", file.name)
        try:
            for key, status in ((KEY, 200), ("sk-second", 200), ("# ours", 401), ("", 401)):
                self.assertEqual(house.get("/v1/models", {"authorization": f"Bearer {key}"}).status, status, key)
        finally:
            house.stop()

    def test_the_world_is_not_let_in_without_a_key(self):
        refused = subprocess.run([PROGRAM, "serve", MODEL, "--port", "0", "--host", "0.0.0.0"],
                                 capture_output=True, text=True, timeout=60)
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn("--api-key", refused.stderr)


class Ending(unittest.TestCase):
    def test_running_answers_end_after_sigterm(self):
        house = House()
        client = house.client()
        model = client.models.list().data[0].id
        stream = client.completions.create(model=model, prompt="One,", max_tokens=60, stream=True,
                                           extra_body={"ignore_eos": True})
        chunks = iter(stream)
        next(chunks)
        house.process.send_signal(signal.SIGTERM)
        last = list(chunks)[-1]
        self.assertEqual(last.choices[0].finish_reason, "length")
        self.assertEqual(house.ended(), 0)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit("usage: openai_client_test.py PROGRAM MODEL [unittest arguments]")
    PROGRAM, MODEL = sys.argv[1], sys.argv[2]
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
