package scenes_test

import (
	"fmt"
	"log"

	"github.com/refarena/refarena/scenes"
)

// The same seed always lays the same table.
func Example() {
	s, err := scenes.Generate(scenes.Config{MaxObjects: 5}, 7, scenes.Mount{})
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	for i := range s.Objects {
		fmt.Println(s.Objects[i].Phrase())
	}
	held := s.Pickable()[0]
	phrasing := scenes.Stream(7, "phrasing")
	fmt.Println(s.Locate(held, phrasing).Text)
	fmt.Println(s.Place(held, s.SupportsFor(held)[0], phrasing).Text)
	// Output:
	// the blue bowl
	// the green apple
	// the green jar
	// the red mug
	// Where is the green apple?
	// Place the green apple in the blue bowl.
}
