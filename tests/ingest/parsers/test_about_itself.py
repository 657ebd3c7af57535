"""What tells of episodes or of the page is no insight; what is said about podcasts may be one."""

import pytest

from newsletter.ingest.parsers.about_itself import about_itself


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ep 63: small engines with Mara Lindqvist", "title of an episode"),
        ("Episode #4 – the salt road", "title of an episode"),
        ("Folge 12: Wie Käse reift", "title of an episode"),
        ("Mara Lindqvist on the Slow Kitchen Podcast (the one on cheese)", "title of an episode"),
        ("yeast | salt roads | rye", "row of keywords"),
        ("Baker at Northern Rye | Slow Kitchen interview | 2025-11-23", "row of keywords"),
        ("I love listening to podcasts on the tram, most of all in winter.", "about the page"),
        ("My favourite podcasts are Slow Kitchen and Shelf Life.", "about the page"),
        ("These are not always quotes, I tried to keep what each episode says.", "about the page"),
        ("This is the second part of a series of articles on bread.", "about the page"),
        ("Slow Kitchen is a weekly podcast which covers bread and its makers.", "about the page"),
        ("Insights from three episodes on rye, yeast and salt.", "about the page"),
        ("Mara B. Lindqvist is a Swedish baker and the author of three books.", "about a person"),
        ("Ole Nord (@ole) is the host of Slow Kitchen (listen to it)", "about a person"),
        ("She's also the founder of Northern Rye", "about a person"),
        ("This quote shows how much a baker trusts her hands.", "about the page"),
        ("The passage above explains how rye holds water.", "about the page"),
        ("The quote emphasizes that a dough must rest.", "about the page"),
        ("This passage is taken from the talk on salt.", "about the page"),
        ("This underscores that rye needs time.", "about the page"),
        ("Correction note: the oven was a gas one.", "about the page"),
        ("Rye and Water: The episode delves into how dough holds water.", "about the page"),
        ("Link to the original talk.", "about the page"),
        ("Topic: how rye holds water, and why bakers wait for it", "about the page"),
        ("Published Jun 2, 2026 on Slow Kitchen. 9 min read.", "about the page"),
        ("Ovens - https://ovens.example/compared", "reference"),
        ("製粉 長時間発酵 石窯 塩加減 朝市", "row of keywords"),
        ("What follows is a collection of what I heard.", "about the page"),
        ("Dans cet épisode Mara et Ole explorent le seigle et son eau.", "about the page"),
        ("In dieser Folge sprechen Mara und Ole über Roggen.", "about the page"),
    ],
)
def test_what_tells_of_itself(text: str, rule: str) -> None:
    assert about_itself(text) == rule


@pytest.mark.parametrize(
    "text",
    [
        "Podcasts with one host keep their listeners for longer than those with two.",
        "Episode lengths fell by a third when the breaks for advertisements grew longer.",
        "Episode 12: the yeast of a sourdough dies at 50 °C, long before the crust browns.",
        "I learnt that rye holds three times its weight in water.",
        "A baker reads the dough by touch | and the oven by its smell.",
        "This is a bread that nobody sells: it is too slow.",
        "Marie Curie is the reason why X-ray vans drove to the front.",
        "A good host is an author who lets the guest write.",
        "The passage of time does more for a cheese than any culture does.",
        "The passage between the two islands froze in one winter out of nine.",
        "This passage of water is so narrow that the tide runs backwards in it.",
        "Rye needs a night. A baker found that by weighing it (all of it here): https://rye.example/1",
        "The statement that rye needs no salt was never tested.",
        "The quote for a new oven is half of what the old one burns in a year.",
        "On the show floor a third of all ovens were gas ones.",
        "Bond yields rise | stock prices fall: that is all most investors need to know",
        "In the shell, ps aux | grep ssh finds itself, and everybody wonders once.",
        "I found that a series of small bets beats one large one.",
        "Charles Darwin was the first scientist to see that selection needs no designer.",
        "Mara Lindqvist was a baker and writer before there were books on rye.",
        "The hosts are killed by the parasite only after it has laid its eggs.",
        "Links to the mainland raise the price of a house on an island.",
        "Related articles are read by one reader in fifty.",
        "The conversation covers more ground when nobody takes notes.",
        "The discussion explores options longer when the boss speaks last.",
        "What follows is rarely what was planned: a plan is a way to notice it.",
        "Podcasts make listeners feel close to strangers; these are one-sided friendships.",
        "A podcast keeps its listeners by its first minute, and I found no exception to it.",
    ],
)
def test_what_was_said_stays(text: str) -> None:
    assert about_itself(text) == ""
