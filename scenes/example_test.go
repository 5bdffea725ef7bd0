package scenes_test

import (
	"fmt"
	"log"

	"github.com/refarena/refarena/scenes"
)

// The same seed always lays the same table.
func Example() {
	s, err := scenes.Generate(scenes.Config{MaxObjects: 5, Designs: []string{"mug", "jar", "apple", "can", "bowl", "plate"}}, 7, scenes.Mount{})
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
	// the white plate
	// the yellow mug
	// the green jar
	// the red apple
	// Where is the yellow cup?
	// Place the yellow coffee mug on the white dinner plate.
}
